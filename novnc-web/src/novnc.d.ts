// noVNC brings no types. Only what the advisor page uses is declared;
// docs/API.md of the package describes it.
declare module "@novnc/novnc" {
  interface RFBEvents {
    connect: CustomEvent<Record<string, never>>;
    disconnect: CustomEvent<{ clean: boolean }>;
    securityfailure: CustomEvent<{ status: number; reason?: string }>;
    clipboard: CustomEvent<{ text: string }>;
    credentialsrequired: CustomEvent<{ types: string[] }>;
    desktopname: CustomEvent<{ name: string }>;
  }

  export default class RFB {
    constructor(target: HTMLElement, channel: object, options?: { shared?: boolean });
    viewOnly: boolean;
    focusOnClick: boolean;
    scaleViewport: boolean;
    showDotCursor: boolean;
    background: string;
    qualityLevel: number;
    compressionLevel: number;
    disconnect(): void;
    sendCredentials(credentials: { username?: string; password?: string; target?: string }): void;
    focus(): void;
    blur(): void;
    sendCtrlAltDel(): void;
    sendKey(keysym: number, code: string, down?: boolean): void;
    clipboardPasteFrom(text: string): void;
    /** Not documented; test/chromium.ts notices when another noVNC has it no more. */
    protected _resize(width: number, height: number): void;
    protected _fail(details: string): boolean;
    addEventListener<K extends keyof RFBEvents>(type: K, listener: (e: RFBEvents[K]) => void): void;
  }
}

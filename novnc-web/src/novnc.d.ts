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

  /** The parts of noVNC's buffers that are used here; not documented either. */
  interface Websock {
    /** Whether more bytes must come first; then the reader is put back by some bytes. */
    rQwait(what: string, bytes: number, goBack: number): boolean;
    rQpeekBytes(bytes: number): Uint8Array<ArrayBuffer>;
    rQshiftBytes(bytes: number): Uint8Array<ArrayBuffer>;
    rQskipBytes(bytes: number): void;
    sQpushBytes(bytes: Uint8Array): void;
    flush(): void;
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
    protected _fail(details: string): false;
    protected _handleServerCutText(): boolean;
    protected readonly _sock: Websock;
    addEventListener<K extends keyof RFBEvents>(type: K, listener: (e: RFBEvents[K]) => void): void;
  }
}

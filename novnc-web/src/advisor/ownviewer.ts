import { button, h, setText, show } from "../common/dom.ts";
import { grouped } from "../common/number.ts";
import { ApiError, type Door, type ViewerPassword } from "./api.ts";
import type { Session } from "./session.ts";
import type { Texts } from "./texts.ts";

/** A password for one time, with which a VNC viewer of the advisor's own gets in. */
export class OwnViewer {
  readonly root: HTMLElement;
  private readonly result = h("div", { role: "status" });

  constructor(
    private readonly session: Session,
    private readonly t: Texts,
    private readonly clock: (d: Date) => string,
  ) {
    this.root = h(
      "details",
      { class: "card own-viewer", "data-testid": "own-viewer" },
      h("summary", { "data-testid": "own-viewer-open" }, t.ownViewer.heading),
      h("p", {}, t.ownViewer.meaning),
      button("viewer-password", t.ownViewer.password, () => void this.ask()),
      this.result,
    );
  }

  update(): void {
    const { phase, line, viewerDoors } = this.session;
    const usable = phase === "joined" && line !== "replaced" && viewerDoors.length > 0;
    show(this.root, usable);
    if (!usable) this.result.replaceChildren();
  }

  private async ask(): Promise<void> {
    const { t } = this;
    try {
      this.show(await this.session.viewerPassword());
    } catch (e) {
      const words = h("p", { class: "error", "data-testid": "viewer-problem" });
      setText(words, t.sessions.failed(e instanceof ApiError ? e.message : String(e)));
      this.result.replaceChildren(words);
    }
  }

  private show(made: ViewerPassword): void {
    const { t, session } = this;
    const code = (testid: string, words: string) => h("code", { "data-testid": testid }, words);
    this.result.replaceChildren(
      h("p", {}, t.ownViewer.user + ": ", code("viewer-user", grouped(session.number))),
      h("p", {}, t.ownViewer.once + ": ", h("strong", {}, code("viewer-secret", made.password))),
      h("p", { class: "muted" }, made.expires ? t.ownViewer.expires(this.clock(made.expires)) : ""),
      ...session.viewerDoors.map((d) => (d.door === "vnc" ? this.vnc(d.address) : this.repeater(d))),
    );
  }

  private vnc(address: string): HTMLElement {
    const { t, session } = this;
    const colons = address.replace(/:([0-9]+)$/, "::$1");
    // TigerVNC takes such a file as its argument and on a double click.
    const settings = `TigerVNC Configuration file Version 1.0\n\nServerName=${colons}\nSecurityTypes=X509Plain\n`;
    const file = URL.createObjectURL(new Blob([settings], { type: "application/octet-stream" }));
    return h(
      "div",
      {},
      h("p", {}, t.ownViewer.encrypted),
      h("pre", { "data-testid": "viewer-command" }, `vncviewer -SecurityTypes=X509Plain ${colons}`),
      h(
        "p",
        {},
        h("a", { href: "vnc://" + address, "data-testid": "viewer-link" }, "vnc://" + address),
        " · ",
        h("a", { href: file, download: `lotse-${session.place}.tigervnc`, "data-testid": "viewer-file" }, t.ownViewer.file),
      ),
    );
  }

  private repeater({ address }: Door): HTMLElement {
    const { t, session } = this;
    return h(
      "div",
      {},
      h("p", {}, t.ownViewer.clear),
      h("pre", { "data-testid": "repeater-command" }, `vncviewer -proxy ${address} ID:${session.number}`),
    );
  }
}

import { button, h, setText, show } from "../common/dom.ts";
import { grouped } from "../common/number.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { ViewerDoor, ViewerPassword } from "./api.ts";
import { problemWords } from "./problem.ts";
import { DoorError, type Session } from "./session.ts";

/** Shows a password with which one of the advisor's own VNC viewers can enter once. */
export class OwnViewer {
  readonly root: HTMLElement;
  private readonly buttons = h("p", {});
  private readonly burnt = h("p", { class: "error", role: "alert", "data-testid": "viewer-burnt" });
  private readonly result = h("div", { role: "status" });
  private offered = "";

  constructor(
    private readonly session: Session,
    private readonly t: AdvisorTexts,
    private readonly clock: (d: Date) => string,
  ) {
    this.root = h(
      "details",
      { class: "card own-viewer", "data-testid": "own-viewer" },
      h("summary", { "data-testid": "own-viewer-open" }, t.ownViewer.heading),
      h("p", {}, t.ownViewer.meaning),
      this.buttons,
      this.burnt,
      this.result,
    );
    show(this.burnt, false);
  }

  update(): void {
    const { phase, line, viewerDoors } = this.session;
    const usable = phase === "joined" && line !== "replaced" && viewerDoors.length > 0;
    show(this.root, usable);
    if (!usable) this.result.replaceChildren();
    this.offer();
    setText(this.burnt, this.session.viewerBurnt ? this.t.ownViewer.burnt : "");
    show(this.burnt, this.session.viewerBurnt);
  }

  /** Shows one button for each open door, because a password is valid for one door only. */
  private offer(): void {
    const { viewerDoors } = this.session;
    const doors = viewerDoors.map((d) => d.door).join();
    if (doors === this.offered) return; // do not replace a button under the pointer
    this.offered = doors;
    this.buttons.replaceChildren(
      ...viewerDoors.map(({ door }) => button(`${door}-password`, this.t.ownViewer.password[door], () => void this.ask(door))),
    );
  }

  private async ask(door: ViewerDoor): Promise<void> {
    try {
      this.show(await this.session.viewerPassword(door), door);
    } catch (e) {
      const words = h("p", { class: "error", "data-testid": "viewer-problem" });
      setText(words, this.reason(e));
      this.result.replaceChildren(words);
    }
  }

  private reason(e: unknown): string {
    const { t } = this;
    return e instanceof DoorError ? t.failed(t.ownViewer.failed[e.why]) : problemWords(e, t);
  }

  private show(made: ViewerPassword, door: ViewerDoor): void {
    const { t, session } = this;
    const code = (testid: string, words: string) => h("code", { "data-testid": testid }, words);
    const address = session.viewerDoors.find((d) => d.door === door)?.address ?? "";
    this.result.replaceChildren(
      h("p", {}, t.ownViewer.user + ": ", code("viewer-user", grouped(made.user))),
      h("p", {}, t.ownViewer.once + ": ", h("strong", {}, code("viewer-secret", made.password))),
      h("p", { class: "muted" }, made.expires ? t.ownViewer.expires(this.clock(made.expires)) : ""),
      door === "vnc" ? this.vnc(address) : this.repeater(address, made.user),
    );
  }

  private vnc(address: string): HTMLElement {
    const { t, session } = this;
    const colons = address.replace(/:([0-9]+)$/, "::$1");
    // TigerVNC opens such a file as an argument and on a double click.
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

  private repeater(address: string, user: string): HTMLElement {
    const { t } = this;
    return h(
      "div",
      {},
      h("p", {}, t.ownViewer.clear),
      h("pre", { "data-testid": "repeater-command" }, `vncviewer -proxy ${address} ID:${user}`),
    );
  }
}

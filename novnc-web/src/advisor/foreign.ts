import RFB from "../common/boundedrfb.ts";
import { button, h, setText, show } from "../common/dom.ts";
import { socketAddress } from "../common/line.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { problemWords } from "./problem.ts";
import type { Session } from "./session.ts";

/**
 * Controls a foreign VNC server, which connects through the repeater door. Its picture is not
 * sealed, and the server itself decides what a viewer may do.
 */
export class ForeignPanel {
  readonly root: HTMLElement;
  private readonly words = h("p", { role: "status", "data-testid": "foreign-state" });
  private readonly choose: HTMLElement;
  private readonly command = h("pre", { "data-testid": "foreign-command" });
  private readonly watch: HTMLButtonElement;
  private readonly target = h("div", { class: "foreign-screen", "data-testid": "foreign-screen" });
  private readonly password = h("input", { type: "password", id: "foreign-password", "data-testid": "foreign-password" });
  private readonly ask: HTMLElement;
  private rfb: RFB | null = null;
  private problem = "";

  constructor(
    private readonly session: Session,
    private readonly t: AdvisorTexts,
  ) {
    this.choose = button("foreign-open", t.foreign.open, () => void this.open());
    this.watch = button("foreign-watch", t.foreign.watch, () => this.start(), { class: "primary" });
    this.ask = h(
      "form",
      { class: "row", onsubmit: (e) => this.answer(e) },
      h("label", { for: "foreign-password" }, t.foreign.password),
      this.password,
      h("button", { "data-testid": "foreign-send" }, t.foreign.send),
    );
    this.root = h(
      "div",
      { class: "card", "data-testid": "foreign" },
      h("h2", {}, t.foreign.heading),
      h("p", { class: "loud", "data-testid": "foreign-warning" }, t.foreign.meaning),
      this.words,
      this.choose,
      this.command,
      this.watch,
      this.ask,
      this.target,
    );
    this.ask.hidden = true;
  }

  update(): void {
    const { session, t } = this;
    const { foreign } = session;
    const usable = session.phase === "waiting" && session.line !== "replaced" && session.serverAddress !== "";
    show(this.root, usable);
    if (!usable) return this.stop();
    show(this.choose, foreign === "");
    show(this.command, foreign === "waiting");
    setText(this.command, `x11vnc -connect_or_exit repeater=ID:${session.number}+${session.serverAddress}`);
    show(this.watch, foreign === "here" && !this.rfb);
    setText(this.words, this.problem || (foreign === "" ? "" : t.foreign.state[foreign]));
  }

  private async open(): Promise<void> {
    this.problem = "";
    await this.session.openForeign().catch((e: unknown) => {
      this.problem = problemWords(e, this.t);
    });
    this.update();
  }

  private start(): void {
    this.problem = "";
    const socket = new WebSocket(socketAddress(`/api/v1/sessions/${this.session.place}/foreign/view`), "binary");
    const rfb = new RFB(this.target, socket, { shared: true });
    this.rfb = rfb;
    rfb.scaleViewport = true;
    rfb.addEventListener("credentialsrequired", () => show(this.ask, true));
    rfb.addEventListener(
      "securityfailure",
      ({ detail }) => (this.problem = (detail.reason ?? "").slice(0, 300) || this.t.view.refused),
    );
    rfb.addEventListener("disconnect", () => {
      if (this.rfb === rfb) this.rfb = null;
      show(this.ask, false);
      this.update();
    });
    this.update();
  }

  private answer(e: Event): void {
    e.preventDefault();
    this.rfb?.sendCredentials({ password: this.password.value });
    this.password.value = "";
    show(this.ask, false);
  }

  private stop(): void {
    const { rfb } = this;
    this.rfb = null;
    rfb?.disconnect();
  }
}

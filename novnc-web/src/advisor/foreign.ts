import { html, nothing, type TemplateResult } from "lit";
import RFB from "../common/boundedrfb.ts";
import { socketAddress } from "../common/line.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { button } from "../ui/controls.ts";
import type { Desk } from "./desk.ts";
import { problemWords } from "./problem.ts";
import type { Session } from "./session.ts";

/**
 * Controls a foreign VNC server, which connects through the repeater door. Its picture is not
 * sealed, and the server itself decides what a viewer may do.
 */
export class ForeignServer {
  private readonly target: HTMLElement;
  private rfb: RFB | null = null;
  private problem = "";
  private asks = false; // the server asks for its password

  constructor(
    private readonly session: Session,
    private readonly changed: () => void,
  ) {
    this.target = document.createElement("div");
    this.target.className = "foreign-screen";
    this.target.dataset["testid"] = "foreign-screen";
  }

  /** Whether the number can be used for such a server now. */
  get usable(): boolean {
    const { session } = this;
    return session.phase === "waiting" && session.line !== "replaced" && session.serverAddress !== "";
  }

  view({ t }: Desk): TemplateResult | typeof nothing {
    const { session } = this;
    if (!this.usable) return nothing;
    const { foreign } = session;
    return html`<details class="card foreign" data-testid="foreign" ?open=${foreign !== ""}>
      <summary data-testid="foreign-heading">${t.foreign.heading}</summary>
      <p class="loud" data-testid="foreign-warning">${t.foreign.meaning}</p>
      <p role="status" data-testid="foreign-state">${this.problem || (foreign === "" ? "" : t.foreign.state[foreign])}</p>
      ${foreign === "" ? button({ testid: "foreign-open", label: t.foreign.open, act: () => void this.open(t) }) : nothing}
      ${
        foreign === "waiting"
          ? html`<pre data-testid="foreign-command">
${`x11vnc -connect_or_exit repeater=ID:${session.number}+${session.serverAddress}`}</pre>`
          : nothing
      }
      ${
        foreign === "here" && !this.rfb
          ? button({ testid: "foreign-watch", label: t.foreign.watch, kind: "primary", act: () => this.start(t) })
          : nothing
      }
      ${
        this.asks
          ? html`<form class="row" @submit=${(e: SubmitEvent) => this.answer(e)}>
              <label for="foreign-password">${t.foreign.password}</label>
              <input type="password" id="foreign-password" data-testid="foreign-password" />
              <button data-testid="foreign-send">${t.foreign.send}</button>
            </form>`
          : nothing
      }
      ${this.target}
    </details>`;
  }

  private async open(t: AdvisorTexts): Promise<void> {
    this.problem = "";
    await this.session.openForeign().catch((e: unknown) => {
      this.problem = problemWords(e, t);
    });
    this.changed();
  }

  private start(t: AdvisorTexts): void {
    this.problem = "";
    const socket = new WebSocket(socketAddress(`/api/v1/sessions/${this.session.place}/foreign/view`), "binary");
    const rfb = new RFB(this.target, socket, { shared: true });
    this.rfb = rfb;
    rfb.scaleViewport = true;
    rfb.addEventListener("credentialsrequired", () => this.ask(true));
    rfb.addEventListener(
      "securityfailure",
      ({ detail }) => (this.problem = (detail.reason ?? "").slice(0, 300) || t.view.refused),
    );
    rfb.addEventListener("disconnect", () => {
      if (this.rfb === rfb) this.rfb = null;
      this.ask(false);
    });
    this.changed();
  }

  private ask(on: boolean): void {
    this.asks = on;
    this.changed();
  }

  private answer(e: SubmitEvent): void {
    e.preventDefault();
    const field = (e.currentTarget as HTMLFormElement).querySelector("input");
    this.rfb?.sendCredentials({ password: field?.value ?? "" });
    this.ask(false);
  }

  /** Ends the picture, when the session has a customer instead or is over. */
  stop(): void {
    const { rfb } = this;
    this.rfb = null;
    rfb?.disconnect();
  }
}

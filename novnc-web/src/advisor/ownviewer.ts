import { html, nothing, type TemplateResult } from "lit";
import { grouped } from "../common/number.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { button } from "../ui/controls.ts";
import type { ViewerDoor, ViewerPassword } from "./api.ts";
import type { Desk } from "./desk.ts";
import { problemWords } from "./problem.ts";
import { DoorError, type Session } from "./session.ts";

/** A password with which one of the advisor's own VNC viewers can enter once. */
export class OwnViewer {
  private made: { password: ViewerPassword; door: ViewerDoor; file: string } | null = null;
  private problem = "";

  view(session: Session, desk: Desk): TemplateResult | typeof nothing {
    const { t } = desk;
    const { phase, line, viewerDoors } = session;
    if (phase !== "joined" || line === "replaced" || viewerDoors.length === 0) return nothing;
    return html`<details class="own-viewer" data-testid="own-viewer">
      <summary data-testid="own-viewer-open">${t.ownViewer.heading}</summary>
      <p>${t.ownViewer.meaning}</p>
      <p>
        ${viewerDoors.map(({ door }) =>
          button({
            testid: `${door}-password`,
            label: t.ownViewer.password[door],
            act: () => void this.ask(session, door, desk),
          }),
        )}
      </p>
      ${session.viewerBurnt ? html`<p class="error" role="alert" data-testid="viewer-burnt">${t.ownViewer.burnt}</p>` : nothing}
      <div role="status">
        ${this.problem ? html`<p class="error" data-testid="viewer-problem">${this.problem}</p>` : nothing}
        ${this.made ? this.result(session, desk) : nothing}
      </div>
    </details>`;
  }

  private async ask(session: Session, door: ViewerDoor, desk: Desk): Promise<void> {
    this.forget();
    this.problem = "";
    try {
      const password = await session.viewerPassword(door);
      this.made = { password, door, file: settingsFile(addressOf(session, door)) };
    } catch (e) {
      this.problem = reason(e, desk.t);
    }
    desk.changed();
  }

  /** Drops the password, when the session cannot use it any more. */
  forget(): void {
    if (this.made) URL.revokeObjectURL(this.made.file);
    this.made = null;
  }

  private result(session: Session, { t, clock }: Desk): TemplateResult | typeof nothing {
    if (!this.made) return nothing;
    const { password, door, file } = this.made;
    const address = addressOf(session, door);
    return html`<p>${t.ownViewer.user}: <code data-testid="viewer-user">${grouped(password.user)}</code></p>
      <p>
        ${t.ownViewer.once}: <strong><code data-testid="viewer-secret">${password.password}</code></strong>
      </p>
      <p class="muted">${password.expires ? t.ownViewer.expires(clock(password.expires)) : ""}</p>
      ${
        door === "vnc"
          ? html`<p>${t.ownViewer.encrypted}</p>
              <pre data-testid="viewer-command">${"vncviewer -SecurityTypes=X509Plain " + colons(address)}</pre>
              <p>
                <a href=${"vnc://" + address} data-testid="viewer-link">${"vnc://" + address}</a>
                ·
                <a href=${file} download=${`lotse-${session.place}.tigervnc`} data-testid="viewer-file">${t.ownViewer.file}</a>
              </p>`
          : html`<p>${t.ownViewer.clear}</p>
              <pre data-testid="repeater-command">${`vncviewer -proxy ${address} ID:${password.user}`}</pre>`
      }`;
  }
}

function addressOf({ viewerDoors }: Session, door: ViewerDoor): string {
  return viewerDoors.find((d) => d.door === door)?.address ?? "";
}

/** TigerVNC takes two colons before a port; a display number has one. */
function colons(address: string): string {
  return address.replace(/:([0-9]+)$/, "::$1");
}

/** A file that TigerVNC opens as an argument and on a double click. */
function settingsFile(address: string): string {
  const settings = `TigerVNC Configuration file Version 1.0\n\nServerName=${colons(address)}\nSecurityTypes=X509Plain\n`;
  return URL.createObjectURL(new Blob([settings], { type: "application/octet-stream" }));
}

function reason(e: unknown, t: AdvisorTexts): string {
  return e instanceof DoorError ? t.failed(t.ownViewer.failed[e.why]) : problemWords(e, t);
}

import { button, h, setIcon, setText, show } from "../common/dom.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { Session } from "./session.ts";

/** Shown above everything else while the advisor's own screen is shown or about to be. */
export class ShowBar {
  readonly root: HTMLElement;
  private readonly icon = h("span");
  private readonly words = h("p", { role: "status", "data-testid": "show-state" });
  private readonly stop: HTMLButtonElement;

  constructor(
    private readonly session: Session,
    private readonly t: AdvisorTexts,
  ) {
    this.stop = button("show-stop", t.show.stop, () => session.show.stop());
    this.root = h("div", { class: "show-bar", "data-testid": "showing" }, this.icon, this.words, this.stop);
  }

  update(): void {
    const { phase, active } = this.session.show;
    this.root.dataset["phase"] = phase;
    show(this.root, phase !== "off");
    if (phase === "off") return;
    setIcon(this.icon, active ? "monitor" : "hidden");
    setText(this.words, this.t.show.phase[phase]);
    setText(this.stop, phase === "shown" ? this.t.show.stop : active ? this.t.show.cancel : this.t.show.dismiss);
  }
}

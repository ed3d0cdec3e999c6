import type { SharingTexts } from "../../texts_gen/sharing.ts";
import type { Change } from "./consent.ts";

const maxLines = 500;

/**
 * Records the session in plain words: persons, times and events. Only this page holds it until the
 * customer saves it.
 */
export class SessionRecord {
  private readonly lines: string[] = [];
  private dropped = 0;

  constructor(
    private readonly t: SharingTexts,
    private readonly language: string,
    private readonly now: () => Date = () => new Date(),
  ) {}

  begin(gateway: string, who: string): void {
    const day = this.now().toLocaleDateString(this.language, { year: "numeric", month: "long", day: "numeric" });
    const { t } = this;
    this.lines.push(t.record.heading, "", t.record.day(day), t.record.gateway(gateway), t.record.advisor(who), "");
  }

  note(words: string): void {
    if (this.lines.length >= maxLines) return void this.dropped++;
    const at = this.now().toLocaleTimeString(this.language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    this.lines.push(`${at}  ${words}`);
  }

  /** `what` describes what is shared. */
  change({ right, outcome }: Change, what: string): void {
    const { t } = this;
    if (right === "view") this.note(outcome === "given" ? t.record.view.given(what) : t.record.view[outcome]);
    if (right === "show") this.note(t.record.show[outcome]);
  }

  /** A viewer connected or left; `from` is its address, "" if unknown. */
  viewer(from: string, came: boolean): void {
    const { t } = this;
    if (came) this.note(from ? t.record.viewerFrom(from) : t.record.viewer);
    else this.note(from ? t.record.viewerGoneFrom(from) : t.record.viewerGone);
  }

  text(): string {
    const more = this.dropped > 0 ? [this.t.record.more(this.dropped)] : [];
    return [...this.lines, ...more, ""].join("\n");
  }
}

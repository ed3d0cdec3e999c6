import type { Change } from "./consent.ts";
import type { RecordWords } from "./texts.ts";

const maxLines = 500;

/** The session in plain words: who, when, what. It lives in this page only, until the customer saves it. */
export class SessionRecord {
  private readonly lines: string[] = [];
  private dropped = 0;

  constructor(
    private readonly words: RecordWords,
    private readonly language: string,
    private readonly now: () => Date = () => new Date(),
  ) {}

  begin(gateway: string, who: string): void {
    const day = this.now().toLocaleDateString(this.language, { year: "numeric", month: "long", day: "numeric" });
    this.lines.push(
      this.words.heading,
      "",
      `${this.words.day}: ${day}`,
      `${this.words.gateway}: ${gateway}`,
      `${this.words.advisor}: ${who}`,
      "",
    );
  }

  note(words: string): void {
    if (this.lines.length >= maxLines) return void this.dropped++;
    const at = this.now().toLocaleTimeString(this.language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    this.lines.push(`${at}  ${words}`);
  }

  change({ right, outcome }: Change, what: string): void {
    const words = this.words.outcomes[right]?.[outcome];
    if (words) this.note(words(what));
  }

  text(): string {
    const more = this.dropped > 0 ? [this.words.more(this.dropped)] : [];
    return [...this.lines, ...more, ""].join("\n");
  }
}

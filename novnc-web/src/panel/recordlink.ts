import { html, nothing, type TemplateResult } from "lit";

/** A link that saves a session's record; nothing is stored unless the customer uses it. */
export class RecordLink {
  private record = "";
  private address = "";
  private file = "";

  view(record: string, words: string): TemplateResult | typeof nothing {
    this.use(record);
    if (!record) return nothing;
    return html`<a class="button" href=${this.address} download=${this.file} data-testid="record">${words}</a>`;
  }

  dispose(): void {
    this.use("");
  }

  private use(record: string): void {
    if (record === this.record) return;
    if (this.address) URL.revokeObjectURL(this.address);
    this.record = record;
    this.file = fileName(new Date());
    // Begins with a byte order mark, so that old editors decode umlauts correctly.
    const text = ["\ufeff", record.replace(/\r?\n/g, "\r\n")];
    this.address = record ? URL.createObjectURL(new Blob(text, { type: "text/plain;charset=utf-8" })) : "";
  }
}

function fileName(now: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `lotse-${day}-${two(now.getHours())}${two(now.getMinutes())}.txt`;
}

/** What the links of a record save. */
export interface SavedRecord {
  text: string;
  json: string;
}

/** Addresses under which a browser saves a record. Nothing is stored unless somebody uses them. */
export class RecordFiles {
  private record: SavedRecord = { text: "", json: "" };
  private urls: string[] = [];
  /** The name without its ending. */
  name = "";

  /** The addresses of the text and of the JSON lines; null if there is no record. */
  addresses(record: SavedRecord): { text: string; json: string } | null {
    if (record.text !== this.record.text || record.json !== this.record.json) this.replace(record);
    const [text, json] = this.urls;
    return text === undefined || json === undefined ? null : { text, json };
  }

  dispose(): void {
    this.replace({ text: "", json: "" });
  }

  private replace(record: SavedRecord): void {
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.record = record;
    this.name = fileName(new Date());
    // Begins with a byte order mark, so that old editors decode umlauts correctly.
    const text = ["\ufeff", record.text.replace(/\r?\n/g, "\r\n")];
    this.urls = !record.text
      ? []
      : [
          URL.createObjectURL(new Blob(text, { type: "text/plain;charset=utf-8" })),
          URL.createObjectURL(new Blob([record.json], { type: "application/jsonl" })),
        ];
  }
}

function fileName(now: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `lotse-${day}-${two(now.getHours())}${two(now.getMinutes())}`;
}

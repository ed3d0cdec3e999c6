import { h } from "../common/dom.ts";

/** A session's record to save; nothing is stored unless the customer does. */
export function recordLink(record: string, words: string): HTMLAnchorElement {
  const now = new Date();
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return h(
    "a",
    {
      class: "button",
      // A mark at the beginning, so that old editors read the umlauts right.
      href: URL.createObjectURL(new Blob(["\ufeff", record.replace(/\r?\n/g, "\r\n")], { type: "text/plain;charset=utf-8" })),
      download: `lotse-${day}-${two(now.getHours())}${two(now.getMinutes())}.txt`,
      "data-testid": "record",
    },
    words,
  );
}

import { h } from "../common/dom.ts";

/** A link that saves a session's record; nothing is stored unless the customer uses it. */
export function recordLink(record: string, words: string): HTMLAnchorElement {
  const now = new Date();
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return h(
    "a",
    {
      class: "button",
      // Begins with a byte order mark, so that old editors decode umlauts correctly.
      href: URL.createObjectURL(new Blob(["\ufeff", record.replace(/\r?\n/g, "\r\n")], { type: "text/plain;charset=utf-8" })),
      download: `lotse-${day}-${two(now.getHours())}${two(now.getMinutes())}.txt`,
      "data-testid": "record",
    },
    words,
  );
}

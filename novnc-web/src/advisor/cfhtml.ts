// Windows's "HTML Format", in which RFB's Extended Clipboard carries HTML.

const start = "<!--StartFragment-->";
const end = "<!--EndFragment-->";

/** Puts a header with offsets in bytes before HTML. HTML without marks is a fragment as a whole. */
export function cfhtmlOf(html: string): Uint8Array<ArrayBuffer> {
  const marked = html.includes(start) && html.lastIndexOf(end) >= html.indexOf(start) + start.length;
  const whole = marked ? html : `<html><body>\r\n${start}${html}${end}\r\n</body></html>`;
  const encoder = new TextEncoder();
  const bytes = (text: string) => encoder.encode(text).length;
  const header = (offsets: number[]) =>
    ["StartHTML", "EndHTML", "StartFragment", "EndFragment"].reduce(
      (lines, name, i) => `${lines}${name}:${String(offsets[i]).padStart(10, "0")}\r\n`,
      "Version:0.9\r\n",
    );
  const size = header([0, 0, 0, 0]).length;
  const before = whole.slice(0, whole.indexOf(start) + start.length);
  const from = size + bytes(before);
  const to = size + bytes(whole.slice(0, whole.lastIndexOf(end)));
  return encoder.encode(header([size, size + bytes(whole), from, to]) + whole);
}

/** Returns the HTML, or the fragment if the header does not say more; "" if there is none. */
export function htmlOf(bytes: Uint8Array): string {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 4096));
  if (!head.startsWith("Version:")) return "";
  for (const kind of ["HTML", "Fragment"]) {
    const from = offset(head, "Start" + kind);
    const to = offset(head, "End" + kind);
    if (from <= to && to <= bytes.length) return new TextDecoder().decode(bytes.subarray(from, to));
  }
  return "";
}

/** The number in a line of the header; infinite if there is none. */
function offset(head: string, name: string): number {
  const found = new RegExp(`(?:^|[\\r\\n])${name}:(\\d{1,10})\\s*[\\r\\n]`).exec(head);
  return found ? Number(found[1]) : Infinity;
}

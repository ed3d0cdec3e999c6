/** A part of a text. `url` is the address that the part is; null for other words. */
export interface TextPart {
  words: string;
  url: URL | null;
}

const schemes = ["https", "http"];
/** These end a sentence or a bracket around an address rather than belong to it. */
const closing = /[.,;:!?'"”’»\]}>]/;

/** Finds the addresses of web pages in a text. Its work grows with the length of the text only. */
export function splitLinks(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let done = 0;
  let from = 0;
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", from)) {
    from = at + 3;
    const start = startOf(text, at, done);
    if (start < 0) continue;
    const end = endOf(text, from);
    from = end; // what was read once is not read again
    const url = webAddress(text.slice(start, end));
    if (!url) continue;
    if (start > done) parts.push({ words: text.slice(done, start), url: null });
    parts.push({ words: text.slice(start, end), url });
    done = end;
  }
  if (done < text.length) parts.push({ words: text.slice(done), url: null });
  return parts;
}

/** Where the address begins whose "://" is at `at`; -1 if none does. */
function startOf(text: string, at: number, done: number): number {
  for (const scheme of schemes) {
    const start = at - scheme.length;
    if (start < done || text.slice(start, at).toLowerCase() !== scheme) continue;
    return start > 0 && /[\p{L}\p{N}]/u.test(text.charAt(start - 1)) ? -1 : start;
  }
  return -1;
}

/** Where the address ends that goes on at `from`. */
function endOf(text: string, from: number): number {
  let end = from;
  let brackets = 0;
  for (; end < text.length && !/[\s<>"]/.test(text.charAt(end)); end++) {
    if (text.charAt(end) === "(") brackets++;
    else if (text.charAt(end) === ")" && --brackets < 0) break;
  }
  while (end > from && closing.test(text.charAt(end - 1))) end--;
  return end;
}

/** Reads an address; null if it is not that of a web page, or names a user to hide its host. */
function webAddress(words: string): URL | null {
  try {
    const url = new URL(words);
    const isWeb = url.protocol === "http:" || url.protocol === "https:";
    return isWeb && url.host !== "" && url.username === "" && url.password === "" ? url : null;
  } catch {
    return null;
  }
}

/** The parts of an address around its host, which is in ASCII: xn-- for other letters. */
export function aroundHost(url: URL): [before: string, host: string, after: string] {
  const before = url.protocol + "//";
  return [before, url.host, url.href.slice(before.length + url.host.length)];
}

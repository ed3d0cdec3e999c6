/**
 * The text as one line: each kind of space becomes a plain one. Whatever cannot be seen is removed,
 * such as control characters and those that change the direction of the text. The Go package
 * plaintext does the same.
 */
export function plainLine(text: string): string {
  return text
    .replace(/\p{White_Space}/gu, " ")
    .replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "")
    .trim();
}

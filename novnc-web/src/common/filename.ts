// What the names of files from the other side may be, and what kind they promise. The Go package
// filename does the same; filename/testdata/names.json tests both.

import { fileEndings, fileKinds, maxFileName, type FileKind } from "../protocol_gen.ts";
import { toBase64url } from "../seal/bytes.ts";
import { plainLine } from "./plainline.ts";

/** How long a name may be as UTF-8: file systems allow 255, and a browser may add a number. */
const maxBytes = 200;

/**
 * The name under which a file may be shown and saved: without folders, without characters that
 * cannot be seen, and without what has a meaning of its own on any system. "" if nothing is left.
 */
export function cleanName(offered: string): string {
  if ([...offered].length > maxFileName) return "";
  const name = plainLine(offered.replace(/^.*[/\\]/s, ""))
    .replace(/ +/g, " ")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/[. ]+$/, ""); // Windows ignores these
  if (name === "") return "";
  return shorten(name.startsWith(".") || isDevice(name) ? "_" + name : name);
}

/** Whether Windows takes the name for a device, whatever its ending. */
function isDevice(name: string): boolean {
  const [base = ""] = name.toUpperCase().split(".");
  return /^(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|(COM|LPT)[0-9¹²³])$/u.test(base.replace(/ +$/, ""));
}

/** Removes the end of a long name, but not what follows its last dot. */
function shorten(name: string): string {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= maxBytes) return name;
  const ending = endingOf(name);
  const kept = new TextEncoder().encode(ending).length;
  const cut = kept > maxBytes / 2 ? "" : ending;
  const room = cut === "" ? maxBytes : maxBytes - kept;
  // A character that was cut in two is left out, also if the decoder does not wait for the rest.
  const base = new TextDecoder().decode(bytes.subarray(0, room), { stream: true });
  return base.replace(/[. ]+$/, "") + cut;
}

/** The end of a name from its last dot on; "" if there is none. */
function endingOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot);
}

const kinds = new Map<string, FileKind>(
  fileKinds.flatMap((kind) => (kind === "other" ? [] : fileEndings[kind].split(" ").map((ending) => [ending, kind] as const))),
);

/** The kind of a file with this name. */
export function kindOf(name: string): FileKind {
  return kinds.get(endingOf(name).slice(1).toLowerCase()) ?? "other";
}

/** Whether this can be the ID of a file. */
export function isFileId(id: string): boolean {
  return /^[A-Za-z0-9_-]{22}$/.test(id);
}

export function drawFileId(): string {
  return toBase64url(crypto.getRandomValues(new Uint8Array(16)));
}

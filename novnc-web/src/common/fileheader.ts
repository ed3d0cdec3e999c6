// PROTOCOL.md, section 7a: how a file stream begins.

import { fileNothing, maxFileHeader, type FileHeader } from "../protocol_gen.ts";
import type { SealedChannel } from "../seal/index.ts";
import { concat } from "../seal/bytes.ts";
import { parseFields, text } from "./fields.ts";
import { isFileId } from "./filename.ts";

/** A sealed stream that carries a file. */
export type FileChannel = Pick<SealedChannel, "readyState" | "onmessage" | "onclose" | "send" | "close">;

/**
 * Reads the header of a stream that the other side has opened. Calls `then` with the ID of the file
 * and what has arrived after the header; `then` must take over the channel at once. A stream that
 * begins differently, or with nothing for `fileNothing`, is closed.
 */
export function readFileHeader(channel: FileChannel, then: (id: string, rest: Uint8Array<ArrayBuffer>) => void): void {
  let head = new Uint8Array(0);
  const patience = setTimeout(() => channel.close(), fileNothing);
  channel.onclose = () => clearTimeout(patience);
  channel.onmessage = ({ data }) => {
    head = concat(head, new Uint8Array(data));
    const end = head.indexOf(10);
    if (end < 0 && head.length < maxFileHeader) return;
    clearTimeout(patience);
    channel.onmessage = channel.onclose = null;
    const line = end < 0 || end >= maxFileHeader ? "" : new TextDecoder().decode(head.subarray(0, end));
    const id = text(parseFields<FileHeader>(line, maxFileHeader)?.["file"], 22);
    if (isFileId(id)) then(id, head.slice(end + 1));
    else channel.close();
  };
}

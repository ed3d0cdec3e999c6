import { deflate, deflateInit } from "#pako/deflate.js";
import ZStream from "#pako/zstream.js";
import type { Writer } from "./wire.ts";

// A constant of zlib that pako supports but does not export.
const syncFlush = 2;
// Level 1 costs half as much as level 6 and at most a few per cent in size on screens.
const level = 1;
const chunk = 16 * 1024;

/**
 * One of a viewer's zlib streams. It lasts as long as the viewer, and each call ends at a byte
 * boundary up to which the viewer can decode. The browser's own CompressionStream cannot do that.
 */
export class Deflater {
  private readonly stream = new ZStream();
  private readonly output = new Uint8Array(chunk);

  constructor() {
    deflateInit(this.stream, level);
  }

  append(out: Writer, data: Uint8Array): void {
    const { stream } = this;
    stream.input = data;
    stream.next_in = 0;
    stream.avail_in = data.length;
    do {
      stream.output = this.output;
      stream.next_out = 0;
      stream.avail_out = chunk;
      deflate(stream, syncFlush);
      out.bytes(this.output.subarray(0, stream.next_out));
    } while (stream.avail_out === 0);
    stream.input = null;
  }
}

// noVNC brings pako and is used unmodified; the paths are in tsconfig.json.
// Only what our streams use is declared.
declare module "#pako/zstream.js" {
  export default class ZStream {
    input: Uint8Array | null;
    next_in: number;
    avail_in: number;
    output: Uint8Array;
    next_out: number;
    avail_out: number;
  }
}

declare module "#pako/deflate.js" {
  import type ZStream from "#pako/zstream.js";
  export function deflateInit(stream: ZStream, level: number): number;
  export function deflate(stream: ZStream, flush: number): number;
}

declare module "#pako/inflate.js" {
  import type ZStream from "#pako/zstream.js";
  export function inflateInit(stream: ZStream): number;
  export function inflate(stream: ZStream, flush: number): number;
}

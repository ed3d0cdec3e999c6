// For scripts/screenshots.mjs: an RFB server in Node whose viewer is a panel's page.

import { Picture } from "../src/rfb/picture.ts";
import { Server, type Duplex } from "../src/rfb/server.ts";

/** Serves a picture of a desk. Returns the function that receives the viewer's messages. */
export function serveDesk(send: (data: Uint8Array) => void): (data: Uint8Array) => void {
  const [width, height] = [1280, 720];
  const words = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const page = x > 160 && x < 880 && y > 90 && y < 600;
      const line = page && y > 170 && (y - 170) % 30 < 8 && x > 200 && x < 500 + ((((y - 170) / 30) * 97) % 320);
      const sky = 0xff000000 | ((140 + (y >> 3)) << 16) | ((90 + (y >> 4)) << 8) | 50;
      words[y * width + x] = line ? 0xff2b2117 : page ? 0xffffffff : sky;
    }
  }
  const picture = new Picture(width, height);
  picture.show(words, width, height, true);
  const line: Duplex = { send, close: () => {}, bufferedAmount: 0, onmessage: null, onclose: null };
  void new Server(line, { picture, name: "Anna Berger" }).serve();
  return (data) => line.onmessage?.({ data: Uint8Array.from(data).buffer });
}

// The server's side of one WebSocket (RFC 6455), as far as a page in a test needs
// it. Playwright's own stand-in is no WebSocket to noVNC, which looks at the prototype.

import { createHash } from "node:crypto";

const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Answers an upgrade; `hear` gets each message as bytes, the result sends text or bytes. */
export function acceptWebSocket(request, socket, hear) {
  const key = createHash("sha1")
    .update(request.headers["sec-websocket-key"] + magic)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
  );
  let rest = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (data) => {
    rest = Buffer.concat([rest, data]);
    for (;;) {
      if (rest.length < 6) return;
      // What a viewer says is short.
      const extended = (rest[1] & 0x7f) === 126 ? 2 : 0;
      const start = 2 + extended + 4;
      if (rest.length < start) return;
      const length = extended ? rest.readUInt16BE(2) : rest[1] & 0x7f;
      if (rest.length < start + length) return;
      const mask = rest.subarray(start - 4, start);
      const message = Buffer.from(rest.subarray(start, start + length).map((b, i) => b ^ mask[i % 4]));
      const opcode = rest[0] & 0x0f;
      rest = rest.subarray(start + length);
      if (opcode === 8) return socket.end();
      hear(message);
    }
  });
  return (message) => {
    const bytes = Buffer.from(message);
    const n = bytes.length;
    const header = Buffer.alloc(n < 126 ? 2 : n < 65536 ? 4 : 10);
    header[0] = typeof message === "string" ? 0x81 : 0x82;
    header[1] = n < 126 ? n : n < 65536 ? 126 : 127;
    if (header.length === 4) header.writeUInt16BE(n, 2);
    if (header.length === 10) header.writeBigUInt64BE(BigInt(n), 2);
    socket.write(Buffer.concat([header, bytes]));
  };
}

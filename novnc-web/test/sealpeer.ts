// A program that runs one end of the seal. A test connects it to another end and is itself in
// the middle. Each connection is one exchange, and one line on standard output reports how it
// ended. A seed determines all random values of the n-th exchange.
//
//    node sealpeer.mjs agent|advisor NUMBER KIND STREAM SEED

import { createHash } from "node:crypto";
import { createServer, type AddressInfo, type Socket } from "node:net";
import * as cpace from "../src/seal/cpace.ts";
import { handshake, SealError, Tries, type Kind, type Line, type Role } from "../src/seal/index.ts";

const [role, number, kind, stream, seed] = process.argv.slice(2) as [Role, string, Kind, string, string];

/** Makes a TCP connection look like the WebSocket that the seal expects. */
function lineOf(socket: Socket): Line {
  const line: Line = {
    binaryType: "arraybuffer",
    readyState: 1,
    send: (data) => void socket.write(data.slice()),
    close: () => void socket.end(),
    onmessage: null,
    onclose: null,
    onerror: null,
  };
  socket.on("data", (data) => line.onmessage?.({ data: Uint8Array.from(data).buffer }));
  socket.on("close", () => line.onclose?.({}));
  socket.on("error", () => line.onerror?.({}));
  return line;
}

let exchanges = 0;
const server = createServer((socket) => {
  const drawn = (what: string) => createHash("sha512").update(`${seed} ${exchanges} ${what}`).digest();
  const fixed = { scalar: cpace.scalarFromBytes(drawn("scalar")), nonce: Uint8Array.from(drawn("nonce").subarray(0, 32)) };
  exchanges++;
  void handshake(lineOf(socket), role, { number, kind, stream, tries: new Tries(), fixed })
    .then((channel) => channel.compare)
    .catch((e: unknown) => (e instanceof SealError ? e.failure : String(e)))
    .then((end) => {
      console.log(end);
      socket.end();
    });
});
server.listen(0, "127.0.0.1", () => console.log("port " + (server.address() as AddressInfo).port));
process.stdin.resume().on("end", () => process.exit()); // ends together with its test

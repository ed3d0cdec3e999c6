import { SealError } from "../seal/index.ts";

const openTimeout = 15_000;

export function socketAddress(path: string): string {
  return location.origin.replace(/^http/, "ws") + path;
}

/** Opens one end of a stream; PROTOCOL.md, section 4. */
export async function openLine(path: string): Promise<WebSocket> {
  const socket = new WebSocket(socketAddress(path), "binary");
  await new Promise<void>((resolve, reject) => {
    const lost = () => {
      clearTimeout(timer);
      socket.close();
      reject(new SealError("line", "the stream did not open"));
    };
    const timer = setTimeout(lost, openTimeout);
    socket.onopen = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.onerror = socket.onclose = lost;
  });
  return socket;
}

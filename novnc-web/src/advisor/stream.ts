import { handshake, SealError, type Kind, type Line, type SealedChannel, type Tries } from "../seal/index.ts";
import { socketAddress } from "./api.ts";

const openTimeout = 15_000;

/** Dials stream `id` and runs the seal on it as the advisor. */
export async function openSealed(id: string, kind: Kind, number: string, tries: Tries): Promise<SealedChannel> {
  const socket = new WebSocket(socketAddress(`/api/v1/streams/${encodeURIComponent(id)}`), "binary");
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
  // A WebSocket's handlers take richer events than the seal looks at.
  return handshake(socket as unknown as Line, "advisor", { number, kind, stream: id, tries });
}

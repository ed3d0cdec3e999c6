import { openLine } from "../common/line.ts";
import { handshake, type Kind, type Line, type SealedChannel, type Tries } from "../seal/index.ts";

/** Dials stream `id` and runs the seal on it as the advisor. */
export async function openSealed(id: string, kind: Kind, number: string, tries: Tries): Promise<SealedChannel> {
  const socket = await openLine(`/api/v1/streams/${encodeURIComponent(id)}`);
  // A WebSocket's handlers take richer events than the seal looks at.
  return handshake(socket as unknown as Line, "advisor", { number, kind, stream: id, tries });
}

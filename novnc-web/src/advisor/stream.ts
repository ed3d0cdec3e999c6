import { openLine } from "../common/line.ts";
import { handshake, type Line, type Params, type SealedChannel } from "../seal/index.ts";

/** Dials a stream and runs the seal on it as the advisor. */
export async function openSealed(params: Params): Promise<SealedChannel> {
  const socket = await openLine(`/api/v1/streams/${encodeURIComponent(params.stream)}`);
  // A WebSocket's handlers take richer events than the seal looks at.
  return handshake(socket as unknown as Line, "advisor", params);
}

import { openLine } from "../common/line.ts";
import { handshake, type Line, type Params, type SealedChannel } from "../seal/index.ts";

/** Opens a stream and runs the seal on it as the advisor. */
export async function openSealed(params: Params): Promise<SealedChannel> {
  const socket = await openLine(`/api/v1/streams/${encodeURIComponent(params.stream)}`);
  // A WebSocket passes richer events to its handlers than the seal uses.
  return handshake(socket as unknown as Line, "advisor", params);
}

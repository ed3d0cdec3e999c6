export { SealedChannel } from "./channel.ts";
export { SealError, type SealFailure } from "./errors.ts";
export { handshake, refuseStream, type Kind, type Params, type Role } from "./handshake.ts";
export type { Line } from "./inbox.ts";
export { Origin, Origins, type KeptOrigin } from "./origin.ts";
export { maxTries, Tries, type TryMemory } from "./tries.ts";

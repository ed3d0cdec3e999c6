/** Names what went wrong with a seal: callers branch on it, and people get a sentence. */
export type SealFailure =
  | "wrong-number" // the other end has another session number
  | "version" // the other end speaks another version
  | "burnt" // wrong tries burnt the number, and it is no longer used
  | "used" // somebody else has entered with this number
  | "opened" // the other end's share is not the one it committed to
  | "origin" // the other end does not know the exchange that the stream goes back to
  | "forged" // a record does not open
  | "truncated" // the line ended without the other end's End
  | "protocol" // a frame that is not in the table, or is out of order
  | "timeout" // a frame of the exchange did not arrive in time
  | "line" // the line was lost during the exchange
  | "closed"; // closed by this end

export class SealError extends Error {
  override readonly name = "SealError";

  constructor(
    readonly failure: SealFailure,
    message: string,
  ) {
    super("seal: " + message);
  }
}

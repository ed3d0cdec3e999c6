/** What went wrong with a seal, by name: callers branch on it, people are told in words. */
export type SealFailure =
  | "wrong-number" // the other end has another session number
  | "version" // the other end speaks another version
  | "burnt" // the number was tried wrongly and is not used any more
  | "used" // somebody else has entered by this number
  | "opened" // the other end did not keep to the share it had committed to
  | "origin" // the other end does not know the exchange that the stream goes back to
  | "forged" // a record does not open
  | "truncated" // the line ended without the other end's End
  | "protocol" // a frame that is not in the table, or out of order
  | "timeout" // a frame of the exchange did not come in time
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

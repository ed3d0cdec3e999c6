import type { Right } from "../common/rights.ts";
import type { Share } from "../common/shares.ts";
import type { Asked } from "./snapshot.ts";

/**
 * The customer's actions. The program on the customer's computer and the page that shares by itself
 * both implement them.
 */
export interface PanelActions {
  enter(number: string): void;
  /** Accepts the terms that are asked for, and enters the number again. */
  acceptTerms(version: string): void;
  answer(question: string, allow: boolean, share?: Share): void;
  /** Refuses a right now and in future, or lifts that again. `point` is the advisor's arrow. */
  silence(right: Asked | "point", on: boolean): void;
  /** Sharing less takes effect at once; sharing more opens a question. */
  share(share: Share): void;
  /** Opens the browser's own picker, if it makes the choice. Must be called from a click. */
  chooseAgain?(): void;
  take(right: Right): void;
  /** Ends the transfer of a file, or gives up one that was accepted. */
  stopFile(file: string): void;
  /** Ends a colleague's part in the session. */
  removeColleague?(account: string): void;
  pause(on: boolean): void;
  /** Holds the recording, or lets it go on. */
  hold?(on: boolean): void;
  /** Passes a text on to the advisor. Returns false if there is no connection. */
  write(text: string, tag: number): boolean;
  end(): void;
  /** Opens a line for noVNC on which the advisor's screen is served. */
  openShow(): Promise<object>;
}

import type { Right, Wish } from "../common/rights.ts";
import type { Share } from "../common/shares.ts";

/**
 * What the customer can do; the program on his computer and the page that shares by itself both
 * take it.
 */
export interface PanelActions {
  enter(number: string): void;
  answer(question: string, allow: boolean, share?: Share): void;
  /** Refuses a right now and later, or lifts that again. */
  silence(right: Wish, on: boolean): void;
  /** Share less at once; more opens a question. */
  share(share: Share): void;
  /** Where the browser's own picker chooses: opens it, from a click. */
  chooseAgain?(): void;
  take(right: Right): void;
  pause(on: boolean): void;
  end(): void;
  /** A line on which the advisor's screen is served, for noVNC. */
  openShow(): Promise<object>;
}

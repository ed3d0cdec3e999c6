// PROTOCOL.md, section 9. A viewer that cannot seal comes by a door at which
// the gateway opens the seal for it. For that the gateway gets a number of its
// own: drawn here, asked for by the advisor over the sealed control stream, good
// for one view stream by that door and for nothing else.

import { drawNumber } from "../../common/number.ts";
import { doorNumberLife, sealedDoors, type NumberedDoor } from "../../protocol_gen.ts";
import { Tries } from "../../seal/index.ts";

/** How a door's line is encrypted; what is not known to be sealed is not called so. */
export function lineOf(door: string): "sealed" | "gateway" {
  return (sealedDoors as readonly string[]).includes(door) ? "sealed" : "gateway";
}

/** What was given out for one door. */
export interface DoorNumber {
  readonly digits: string;
  readonly expires: number;
  readonly tries: Tries;
}

/** At most one number for each door. */
export class DoorNumbers {
  private readonly open = new Map<string, DoorNumber>();

  constructor(
    private readonly session: string,
    private readonly now: () => number = Date.now,
    private readonly draw = drawNumber,
  ) {}

  /**
   * Draws a number for a door in place of an older one. It shares the place with
   * the session's number and with it nothing else.
   */
  issue(door: NumberedDoor): string {
    for (;;) {
      const digits = this.draw(this.session.slice(0, 4));
      if (digits === this.session || [...this.open.values()].some((n) => n.digits === digits)) continue;
      this.open.set(door, { digits, expires: this.now() + doorNumberLife, tries: new Tries() });
      return digits;
    }
  }

  /** The number that a stream by that door must be sealed with. */
  find(door: string): DoorNumber | null {
    const n = this.open.get(door);
    if (!n) return null;
    if (this.now() < n.expires) return n;
    this.open.delete(door);
    return null;
  }

  /**
   * Takes `n` out of use; false when it was so already. Of two streams that seal
   * with it at the same time one is served.
   */
  spend(door: string, n: DoorNumber): boolean {
    return this.open.get(door) === n && this.open.delete(door);
  }
}

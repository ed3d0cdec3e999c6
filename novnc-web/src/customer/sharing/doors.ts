// PROTOCOL.md, section 9. A viewer that cannot seal enters through a door at which the gateway
// opens the seal for it. For that the gateway gets a separate number: the agent draws it, the
// advisor asks for it over the sealed control stream, and it is valid only for one view stream
// through that door.

import { drawNumber } from "../../common/number.ts";
import { doorNumberLife, sealedDoors, type NumberedDoor } from "../../protocol_gen.ts";
import { Tries } from "../../seal/index.ts";

/** How a door's line is encrypted. A line is called sealed only if it is known to be. */
export function lineOf(door: string): "sealed" | "gateway" {
  return (sealedDoors as readonly string[]).includes(door) ? "sealed" : "gateway";
}

/** A number that was given out for one door. */
export interface DoorNumber {
  readonly digits: string;
  readonly expires: number;
  readonly tries: Tries;
}

/** Holds at most one number for each door. */
export class DoorNumbers {
  private readonly open = new Map<string, DoorNumber>();

  constructor(
    private readonly session: string,
    private readonly now: () => number = Date.now,
    private readonly draw = drawNumber,
  ) {}

  /**
   * Draws a number for a door, replacing an older one. It shares only the place with the session's
   * number.
   */
  issue(door: NumberedDoor): string {
    for (;;) {
      const digits = this.draw(this.session.slice(0, 4));
      if (digits === this.session || [...this.open.values()].some((n) => n.digits === digits)) continue;
      this.open.set(door, { digits, expires: this.now() + doorNumberLife, tries: new Tries() });
      return digits;
    }
  }

  /** The number that must seal a stream through the door. */
  find(door: string): DoorNumber | null {
    const n = this.open.get(door);
    if (!n) return null;
    if (this.now() < n.expires) return n;
    this.open.delete(door);
    return null;
  }

  /**
   * Invalidates `n`; returns false if it was already invalid. Of two simultaneous streams that it
   * seals, only one is served.
   */
  spend(door: string, n: DoorNumber): boolean {
    return this.open.get(door) === n && this.open.delete(door);
  }
}

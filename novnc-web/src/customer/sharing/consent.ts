// The table that turns events into rights, for a customer who shares from the
// page: the same rules as the Go package consent, with the two rights that a
// browser can give. It has no clock, no DOM and no I/O.
//
// Rights come from `allow` of the open question and from nothing else. One
// question is open at a time. View and show are never given at once: giving one
// first ends the other.

export const allRights = ["view", "show"] as const;
export type ShareRight = (typeof allRights)[number];

export type Phase = "alone" | "joined" | "away" | "over";

/** The whole truth about consent in one session; never changed, only replaced. */
export interface Consent {
  readonly phase: Phase;
  readonly given: ReadonlySet<ShareRight>;
  /** Wished for and not answered, the open question included. */
  readonly asked: ReadonlySet<ShareRight>;
  readonly question: ShareRight | null;
  /** Counts questions; an answer must name the one it answers. */
  readonly serial: number;
  readonly paused: boolean;
}

export const beginning: Consent = {
  phase: "alone",
  given: new Set(),
  asked: new Set(),
  question: null,
  serial: 0,
  paused: false,
};

export type ConsentEvent =
  | { kind: "join" } // the number was right
  | { kind: "lose" } // the line was lost
  | { kind: "rejoin" } // it is back
  | { kind: "ask"; right: ShareRight } // the advisor, or his viewer, wishes it
  | { kind: "allow" | "refuse" | "timeout"; serial: number }
  | { kind: "take"; right: ShareRight } // by the customer
  | { kind: "return"; right: ShareRight } // by the advisor
  | { kind: "withdraw"; right: ShareRight } // nobody wishes it any more
  | { kind: "pause" | "resume" }
  | { kind: "end" };

export type Outcome = "opened" | "given" | "refused" | "timeout" | "taken" | "returned" | "withdrawn";

export interface Change {
  right: ShareRight;
  outcome: Outcome;
}

/** What holds at this moment. */
export function effective(s: Consent): Record<ShareRight, boolean> {
  const joined = s.phase === "joined";
  return { view: joined && !s.paused && s.given.has("view"), show: joined && s.given.has("show") };
}

/** The state after an event, and what it changed. What does not fit changes nothing. */
export function next(before: Consent, e: ConsentEvent): { state: Consent; changes: Change[] } {
  const t = new Transition(before);
  t.apply(e);
  t.openNext();
  return { state: t.changed ? t.state() : before, changes: t.changes };
}

class Transition {
  readonly changes: Change[] = [];
  changed = false;
  private phase: Phase;
  private readonly given: Set<ShareRight>;
  private readonly asked: Set<ShareRight>;
  private question: ShareRight | null;
  private serial: number;
  private paused: boolean;

  constructor(s: Consent) {
    ({ phase: this.phase, question: this.question, serial: this.serial, paused: this.paused } = s);
    this.given = new Set(s.given);
    this.asked = new Set(s.asked);
  }

  state(): Consent {
    const { phase, given, asked, question, serial, paused } = this;
    return { phase, given, asked, question, serial, paused };
  }

  apply(e: ConsentEvent): void {
    if (this.phase === "over") return;
    switch (e.kind) {
      case "end":
        for (const r of allRights) this.revoke(r, "taken");
        this.withdrawAll();
        this.paused = false;
        return this.to("over");
      case "join":
        return this.phase === "alone" ? this.to("joined") : undefined;
      case "rejoin":
        return this.phase === "away" ? this.to("joined") : undefined;
      case "lose":
        if (this.phase !== "joined") return;
        // The view is kept for when the line is back; what came by the line is gone with it.
        this.revoke("show", "taken");
        this.withdrawAll();
        return this.to("away");
      case "take":
        // The customer need not wait for the line to take back or to hide.
        return this.phase === "alone" ? undefined : this.take(e.right, "taken");
      case "pause":
      case "resume":
        return this.phase === "alone" ? undefined : this.pause(e.kind === "pause");
    }
    if (this.phase !== "joined") return;
    switch (e.kind) {
      case "ask":
        if (this.given.has(e.right) || this.asked.has(e.right) || this.paused) return;
        this.asked.add(e.right);
        this.changed = true;
        return;
      case "allow":
        return this.answered(e.serial, (right) => {
          for (const other of allRights) if (other !== right) this.revoke(other, "taken");
          this.given.add(right);
          this.note(right, "given");
        });
      case "refuse":
        return this.answered(e.serial, (right) => this.note(right, "refused"));
      case "timeout":
        return this.answered(e.serial, (right) => this.note(right, "timeout"));
      case "return":
        return this.take(e.right, "returned");
      case "withdraw":
        return this.withdraw(e.right);
    }
  }

  /** Puts the next question when none is open. */
  openNext(): void {
    if (this.question || this.phase !== "joined") return;
    for (const right of allRights) {
      if (!this.asked.has(right)) continue;
      this.question = right;
      this.serial++;
      return this.note(right, "opened");
    }
  }

  private to(phase: Phase): void {
    this.phase = phase;
    this.changed = true;
  }

  private note(right: ShareRight, outcome: Outcome): void {
    this.changes.push({ right, outcome });
    this.changed = true;
  }

  private answered(serial: number, then: (right: ShareRight) => void): void {
    const right = this.question;
    if (!right || serial !== this.serial) return;
    this.question = null;
    this.asked.delete(right);
    then(right);
  }

  private take(right: ShareRight, outcome: Outcome): void {
    this.revoke(right, outcome);
    if (right === "view") this.withdraw(right);
  }

  private revoke(right: ShareRight, outcome: Outcome): void {
    if (this.given.delete(right)) this.note(right, outcome);
  }

  private pause(on: boolean): void {
    if (this.paused === on) return;
    if (on) this.withdrawAll();
    this.paused = on;
    this.changed = true;
  }

  private withdraw(right: ShareRight): void {
    if (!this.asked.delete(right)) return;
    this.changed = true;
    if (this.question !== right) return;
    this.question = null;
    this.note(right, "withdrawn");
  }

  private withdrawAll(): void {
    for (const right of allRights) this.withdraw(right);
  }
}

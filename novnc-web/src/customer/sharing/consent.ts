// The table that turns events into rights. It mirrors the Go package consent rule by rule and
// function by function; the vectors in consent/testdata test both. It uses no clock, no DOM and no
// I/O.
//
// Only `allow` of the open question gives a right. One question is open at a time. View and show
// are never given together: giving one first ends the other. After a refusal, the next question for
// that right is delayed until `ready`. A silenced right is refused without a question. Point has no
// question: it comes with view and goes with it, and silencing takes it.

/** The rights in the order in which questions about them are asked; never about point. */
export const allRights = ["view", "show", "control", "clipboard", "share", "record", "files", "colleague", "point"] as const;
export type ConsentRight = (typeof allRights)[number];

export type Phase = "alone" | "joined" | "away" | "over";

export type Direction = "none" | "customer" | "advisor";

type Rights = ReadonlySet<ConsentRight>;

/** The rights that require the view. */
const needView: Rights = new Set(["control", "clipboard", "share", "record"]);
/** The rights that require a viewer. */
const needViewer: Rights = new Set(["control", "clipboard", "share"]);
const driving: Rights = new Set(["control", "clipboard"]);
const looking: Rights = new Set(["view", "show"]);
/** Questions that give no right. */
const onlyAsked: Rights = new Set(["share", "files", "colleague"]);
/** The rights in effect while a question is open. */
const unasked: Rights = new Set(["view", "show", "record"]);

/** The complete state of consent in one session; immutable. */
export interface Consent {
  readonly phase: Phase;
  readonly given: Rights;
  /** Requested and not answered, including the open question. */
  readonly asked: Rights;
  readonly question: Exclude<ConsentRight, "point"> | null;
  /** Counts the questions; an answer must contain the number of its question. */
  readonly serial: number;
  readonly paused: boolean;
  /** Record is given, and the customer holds the recording. */
  readonly held: boolean;
  /** Refused recently: questions about these wait for `ready`. */
  readonly delayed: Rights;
  /** Rights about which the customer does not want to be asked. */
  readonly silenced: Rights;
}

export const beginning: Consent = {
  phase: "alone",
  given: new Set(),
  asked: new Set(),
  question: null,
  serial: 0,
  paused: false,
  held: false,
  delayed: new Set(),
  silenced: new Set(),
};

/**
 * An event. Only the customer may allow, refuse, take, pause, resume, silence, unsilence,
 * hold and continue.
 */
export type ConsentEvent =
  | { kind: "join" } // the number was right
  | { kind: "lose" } // the line was lost
  | { kind: "rejoin" } // it is back
  | { kind: "ask"; right: ConsentRight } // the advisor, or a viewer, requests it
  | { kind: "allow" | "refuse" | "timeout"; serial: number }
  | { kind: "take"; right: ConsentRight } // by the customer
  | { kind: "return"; right: ConsentRight } // by the advisor
  | { kind: "withdraw"; right: ConsentRight } // nobody requests it any longer
  | { kind: "key" } // F12
  | { kind: "pause" | "resume" }
  | { kind: "viewersGone" } // the last viewer has left
  | { kind: "end" } // either side
  | { kind: "ready"; right: ConsentRight } // it may be asked for again after a refusal
  | { kind: "putOff"; right: ConsentRight } // too many questions have opened
  | { kind: "silence" | "unsilence"; right: ConsentRight }
  | { kind: "hold" | "continue" }; // the recording

export type Outcome = "opened" | "given" | "refused" | "timeout" | "taken" | "returned" | "withdrawn";

export interface Change {
  right: ConsentRight;
  outcome: Outcome;
}

/**
 * The rights in effect: fewer than were given while a question is open or the customer has paused,
 * or holds the recording.
 */
export function effective(s: Consent): Rights {
  if (s.phase !== "joined") return new Set();
  if (s.paused) return only(s.given, new Set<ConsentRight>(["show"]));
  const given = s.held ? new Set([...s.given].filter((r) => r !== "record")) : s.given;
  return s.question ? only(given, unasked) : given;
}

/** The view direction in effect. */
export function direction(s: Consent): Direction {
  const now = effective(s);
  return now.has("view") ? "customer" : now.has("show") ? "advisor" : "none";
}

/** The state after an event, and the changes. An event that does not apply changes nothing. */
export function next(before: Consent, e: ConsentEvent): { state: Consent; changes: Change[] } {
  const t = new Transition(before);
  t.apply(e);
  t.openNext();
  const state = t.state();
  return { state: same(before, state) ? before : state, changes: t.changes };
}

function only(set: Rights, among: Rights): Rights {
  return new Set([...set].filter((r) => among.has(r)));
}

function same(a: Consent, b: Consent): boolean {
  const equal = (x: Rights, y: Rights) => x.size === y.size && [...x].every((r) => y.has(r));
  return (
    a.phase === b.phase &&
    a.question === b.question &&
    a.serial === b.serial &&
    a.paused === b.paused &&
    a.held === b.held &&
    equal(a.given, b.given) &&
    equal(a.asked, b.asked) &&
    equal(a.delayed, b.delayed) &&
    equal(a.silenced, b.silenced)
  );
}

class Transition {
  readonly changes: Change[] = [];
  private phase: Phase;
  private readonly given: Set<ConsentRight>;
  private readonly asked: Set<ConsentRight>;
  private question: Exclude<ConsentRight, "point"> | null;
  private serial: number;
  private paused: boolean;
  private held: boolean;
  private readonly delayed: Set<ConsentRight>;
  private readonly silenced: Set<ConsentRight>;

  constructor(s: Consent) {
    ({ phase: this.phase, question: this.question, serial: this.serial, paused: this.paused, held: this.held } = s);
    this.given = new Set(s.given);
    this.asked = new Set(s.asked);
    this.delayed = new Set(s.delayed);
    this.silenced = new Set(s.silenced);
  }

  state(): Consent {
    const { phase, given, asked, question, serial, paused, held, delayed, silenced } = this;
    return { phase, given, asked, question, serial, paused, held, delayed, silenced };
  }

  apply(e: ConsentEvent): void {
    switch (this.phase) {
      case "alone":
        if (e.kind === "join") this.phase = "joined";
        else if (e.kind === "end") this.end();
        return;
      case "joined":
        return this.joined(e);
      case "away":
        return this.away(e);
    }
  }

  /** Asks the next question if none is open. */
  openNext(): void {
    if (this.question || this.phase !== "joined") return;
    const right = allRights.find((r) => this.asked.has(r) && !this.delayed.has(r));
    if (!right || right === "point") return; // nobody asks for that
    this.question = right;
    this.serial++;
    this.note(right, "opened");
  }

  private joined(e: ConsentEvent): void {
    switch (e.kind) {
      case "ask":
        return this.ask(e.right);
      case "allow":
        return this.answers(e.serial) ? this.allow() : undefined;
      case "refuse":
        return this.answers(e.serial) ? this.refuse("refused") : undefined;
      case "timeout":
        return this.answers(e.serial) ? this.refuse("timeout") : undefined;
      case "take":
        return this.take(e.right, "taken");
      case "return":
        return this.take(e.right, "returned");
      case "withdraw":
        if (this.question === e.right) this.withdrawQuestion();
        this.asked.delete(e.right);
        return;
      case "key":
        this.revoke(new Set<ConsentRight>(["control"]), "taken");
        if (this.question === "control") this.refuse("refused");
        this.asked.delete("control");
        return;
      case "pause":
        this.revoke(driving, "taken");
        this.withdraw();
        this.paused = true;
        return;
      case "putOff":
        if (this.question !== e.right) this.delayed.add(e.right);
        return;
      case "viewersGone":
        this.revoke(driving, "taken");
        return this.drop(needViewer);
      case "lose":
        // View and record are kept for when the line is back; control never is. The advisor's
        // screen was shown over the line that has ended.
        this.revoke(new Set<ConsentRight>(["control", "clipboard", "show"]), "taken");
        this.withdraw();
        this.phase = "away";
        return;
    }
    this.always(e);
  }

  /** While the line is lost, the customer can take rights back, hide and end at once. */
  private away(e: ConsentEvent): void {
    switch (e.kind) {
      case "rejoin":
        this.phase = "joined";
        return;
      case "take":
        return this.take(e.right, "taken");
      case "pause":
        this.paused = true;
        return;
    }
    this.always(e);
  }

  /** Handles the events that a session accepts with and without a line. */
  private always(e: ConsentEvent): void {
    switch (e.kind) {
      case "resume":
        this.paused = false;
        return;
      case "ready":
        this.delayed.delete(e.right);
        return;
      case "silence":
        return this.silence(e.right);
      case "unsilence":
        return this.unsilence(e.right);
      case "hold":
      case "continue":
        return this.hold(e.kind === "hold");
      case "end":
        return this.end();
    }
  }

  private end(): void {
    this.revoke(new Set<ConsentRight>(["view", "show", "control", "clipboard", "point", "record"]), "taken");
    this.withdraw();
    this.phase = "over";
    this.paused = false;
    this.delayed.clear();
    this.silenced.clear();
  }

  /** Adds a request. Of the two directions, the newer request wins. */
  private ask(right: ConsentRight): void {
    if (this.given.has(right) || this.paused || right === "point" || (needView.has(right) && !this.given.has("view"))) return;
    if (this.silenced.has(right)) return this.note(right, "refused");
    const other = right === "view" ? "show" : "view";
    if (looking.has(right) && this.asked.has(other)) {
      if (this.question === other) this.withdrawQuestion();
      this.asked.delete(other);
    }
    this.asked.add(right);
  }

  /** Gives the right of the open question. One direction ends before the other begins. */
  private allow(): void {
    const right = this.close();
    if (!right) return;
    if (right === "view") this.revoke(new Set<ConsentRight>(["show"]), "taken");
    if (right === "show") this.take("view", "taken");
    if (!onlyAsked.has(right)) this.given.add(right);
    this.note(right, "given");
    if (right === "view") this.point();
  }

  /** Gives point, which comes with view, unless the customer does not want it. */
  private point(): void {
    if (!this.given.has("view") || this.given.has("point") || this.silenced.has("point")) return;
    this.given.add("point");
    this.note("point", "given");
  }

  private answers(serial: number): boolean {
    return this.question !== null && serial === this.serial;
  }

  private close(): Consent["question"] {
    const right = this.question;
    if (right) this.asked.delete(right);
    this.question = null;
    return right;
  }

  private refuse(outcome: "refused" | "timeout"): void {
    const right = this.close();
    if (!right) return;
    this.note(right, outcome);
    this.delayed.add(right);
    if (right === "view") this.withdraw();
  }

  private silence(right: ConsentRight): void {
    this.silenced.add(right);
    if (this.question === right) this.refuse("refused");
    this.asked.delete(right);
    if (right === "point") this.revoke(new Set(["point"]), "taken");
  }

  /** Lets right be asked for again. Point, for which nobody asks, is in effect again. */
  private unsilence(right: ConsentRight): void {
    this.silenced.delete(right);
    if (right === "point") this.point();
  }

  private withdrawQuestion(): void {
    const right = this.close();
    if (right) this.note(right, "withdrawn");
  }

  /** Drops the open question and all requests. */
  private withdraw(): void {
    this.withdrawQuestion();
    this.asked.clear();
  }

  /** Drops the requests for these rights. */
  private drop(set: Rights): void {
    if (this.question && set.has(this.question)) this.withdrawQuestion();
    for (const right of set) this.asked.delete(right);
  }

  /** Holds the recording, or lets it go on. */
  private hold(on: boolean): void {
    this.held = on && this.given.has("record");
  }

  /** Ends a right; ending the view also ends everything that requires it. */
  private take(right: ConsentRight, outcome: Outcome): void {
    if (right !== "view") return this.revoke(new Set([right]), outcome);
    this.revoke(new Set<ConsentRight>(["view", "control", "clipboard", "point", "record"]), outcome);
    this.drop(needView);
  }

  private revoke(set: Rights, outcome: Outcome): void {
    for (const right of allRights) if (set.has(right) && this.given.delete(right)) this.note(right, outcome);
    this.hold(this.held); // not without a recording
  }

  private note(right: ConsentRight, outcome: Outcome): void {
    this.changes.push({ right, outcome });
  }
}

import { Backoff } from "../common/backoff.ts";
import { noRights, rightNames, type Answer, type Right, type Wish } from "../common/rights.ts";
import { maxTries, Origin, SealError, Tries, type Kind, type SealedChannel } from "../seal/index.ts";
import { viewerDoors, type Api, type Phase, type ViewerDoor, type ViewerPassword } from "./api.ts";
import { ControlStream, type ControlEvent, type ControlState, type Customer, type DoorNumber } from "./control.ts";
import { OwnerLink, type Foreign } from "./owner.ts";
import { Show } from "./show.ts";
import { forget, keep, triedNumbers, type Kept } from "./store.ts";
import { openSealed } from "./stream.ts";
import { View } from "./view.ts";

const nothingShared: ControlState = {
  direction: "none",
  rights: noRights,
  asked: [],
  share: null,
  paused: false,
  hands: false,
  notice: "",
  viewers: [],
};

/**
 * A try of somebody to enter, as the advisor is told of it. "used": somebody else has entered
 * already.
 */
export type Attempt = "checking" | "wrong" | "used" | null;

/** How long the customer's program has to give out a number for a viewer. */
const doorTimeout = 10_000;

/** Why there is no number for a viewer: no answer, or one that cannot be used. */
export class DoorError extends Error {
  override readonly name = "DoorError";

  constructor(readonly why: "silent" | "unusable") {
    super(why);
  }
}

/** One session that this page holds: number, links, streams, and what is known of it. */
export class Session {
  readonly place: string;
  readonly view: View;
  readonly show: Show;
  phase: Phase = "waiting";
  reason = "";
  expires: Date | null = null;
  foreign: Foreign = "";
  line: "up" | "down" | "replaced" = "down";
  customer: Customer | null = null;
  answer: Answer = "";
  shared: ControlState = nothingShared;
  since: Partial<Record<Right, Date>> = {};
  /** What happened last; what belongs together comes together. */
  events: ControlEvent[] = [];
  attempt: Attempt = null;
  /** Four digits to compare by voice: of the exchange that this page's streams go back to. */
  compare = "";

  /** Somebody guessed at a viewer's number until it was burnt; a new one may be made. */
  viewerBurnt = false;

  private readonly doorWaits = new Map<string, (number: string) => void>();
  private readonly tries: Tries;
  /** The exchange that all further streams of this page go back to. */
  private origin: Origin | null;
  /** Under way where this page does not have that yet: other streams wait for it. */
  private proving: Promise<unknown> | null = null;
  private owner: OwnerLink;
  private control: ControlStream | null = null;
  /** The customer's end has said goodbye: nothing is there that a new stream could reach. */
  private customerGone = false;
  private openingControl = false;
  private readonly backoff = new Backoff();
  private wakeControl: () => void = () => {};
  private endAsked = false;
  private left = false;
  private eventTime = 0;

  constructor(
    private readonly api: Api,
    private readonly kept: Kept,
    private readonly changed: () => void,
  ) {
    this.place = kept.number.slice(0, 4);
    keep(kept);
    this.tries = new Tries(maxTries, triedNumbers().of(kept.number));
    this.origin = kept.origin && Origin.from(kept.origin);
    if (this.origin) this.tries.markProven();
    this.view = new View(
      () => this.openStream("view"),
      () => this.phase === "joined" && !this.customerGone,
      () => this.shared.rights,
      changed,
    );
    this.show = new Show(() => this.openStream("show"), changed);
    this.owner = this.connectOwner();
  }

  get number(): string {
    return this.kept.number;
  }

  /** How many wrong tries there were at the number. */
  get wrongTries(): number {
    return this.tries.used;
  }

  /** Whether the customer's program can be asked for something. */
  get canAsk(): boolean {
    return this.control !== null && this.phase === "joined";
  }

  /** Whether it makes sense to ask for that. */
  can(wish: Wish): boolean {
    return this.customer?.can.includes(wish) ?? false;
  }

  ask(right: Wish): void {
    this.control?.ask(right);
  }

  giveBack(right: Right): void {
    this.control?.giveBack(right);
  }

  /** Ends the session for both sides. */
  async end(): Promise<void> {
    this.endAsked = true;
    if (this.owner.end()) return;
    await this.api.endSession(this.place);
    this.finish("advisor");
  }

  /** Doors for viewers of the advisor's own, with an address each. */
  get viewerDoors(): { door: ViewerDoor; address: string }[] {
    return viewerDoors.flatMap((door) => {
      const address = this.api.doors.find((d) => d.door === door)?.address;
      return address ? [{ door, address }] : [];
    });
  }

  async viewerPassword(door: ViewerDoor): Promise<ViewerPassword> {
    this.viewerBurnt = false;
    this.changed();
    const number = await this.doorNumber(door);
    // What the gateway gets must not be what seals everything else.
    if (!/^[1-9][0-9]{8}$/.test(number) || number.slice(0, 4) !== this.place || number === this.number) {
      throw new DoorError("unusable");
    }
    return this.api.viewerPassword(number, door);
  }

  private doorNumber(door: ViewerDoor): Promise<string> {
    const control = this.control;
    if (!control || !this.canAsk) return Promise.reject(new DoorError("silent"));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new DoorError("silent")), doorTimeout);
      this.doorWaits.set(door, (number) => {
        clearTimeout(timer);
        resolve(number);
      });
      control.askDoor(door);
    });
  }

  private doorAnswer({ door, number }: DoorNumber): void {
    if (number === "") {
      this.viewerBurnt = true;
      return this.changed();
    }
    this.doorWaits.get(door)?.(number);
    this.doorWaits.delete(door);
  }

  /** Where foreign servers connect; "" where there is no such door. */
  get serverAddress(): string {
    return this.api.doors.find((d) => d.door === "repeater")?.servers ?? "";
  }

  openForeign(): Promise<void> {
    return this.api.openForeign(this.number);
  }

  /** Takes the session back from another window of this advisor. */
  takeHere(): void {
    this.line = "down";
    this.owner = this.connectOwner();
    this.changed();
  }

  /** The gateway does not answer any more: everything is tried again. */
  lineLost(): void {
    if (this.phase === "ended" || this.line === "replaced") return;
    this.line = "down";
    this.owner.reconnect();
    this.control?.close();
    this.view.drop();
    this.changed();
  }

  /** Lets everything go without ending the session. */
  leave(): void {
    this.left = true;
    this.owner.close();
    this.dropControl();
    this.view.close();
    this.show.stop();
  }

  private connectOwner(): OwnerLink {
    return new OwnerLink(this.place, {
      state: (phase, reason, expires, foreign) => {
        this.foreign = foreign;
        this.setPhase(phase, reason, expires);
      },
      entering: (stream) => void this.entering(stream),
      replaced: () => {
        this.line = "replaced";
        this.dropControl();
        this.view.close();
        this.show.stop();
        this.changed();
      },
      line: (up) => {
        this.line = up ? "up" : "down";
        this.changed();
      },
      refused: async () => {
        const open = await this.api.sessions().catch(() => null);
        if (open && !open.some((s) => s.place === this.place)) this.finish(this.endAsked ? "advisor" : "lost");
      },
    });
  }

  private setPhase(phase: Phase, reason: string, expires: Date | null): void {
    if (phase === "ended") return this.finish(reason);
    this.phase = phase;
    this.expires = expires;
    if (phase === "joined") {
      this.attempt = null;
      void this.ensureControl();
      this.view.resume();
    }
    this.changed();
  }

  /**
   * Somebody entered the place: the seal tells whether he has the number. One gets in,
   * whatever the gateway says: who comes afterwards is not the customer.
   */
  private async entering(stream: string): Promise<void> {
    const before = this.wrongTries;
    this.attempt = "checking";
    this.changed();
    try {
      const channel = await openSealed({ stream, kind: "control", number: this.number, tries: this.tries, once: true });
      this.goBackTo(channel.origin);
      this.useControl(channel);
      this.owner.verdict(stream, true);
    } catch (e) {
      // A line that broke before anything could be guessed was no try.
      const used = e instanceof SealError && e.failure === "used";
      this.attempt = used ? "used" : this.wrongTries > before ? "wrong" : null;
      this.owner.verdict(stream, false);
      this.endWhenBurnt();
      this.changed();
    }
  }

  private goBackTo(origin: Origin): void {
    this.origin = origin;
    this.kept.origin = origin.keep();
    keep(this.kept);
  }

  /** Somebody guesses at the number: it ends for both, also where the gateway would go on. */
  private endWhenBurnt(): void {
    if (this.tries.burnt) this.endBurnt();
  }

  private endBurnt(): void {
    if (this.phase === "ended") return;
    if (!this.owner.burnt()) void this.api.endSession(this.place).catch(() => {});
    this.finish("burnt");
  }

  private async openStream(kind: Kind): Promise<SealedChannel> {
    while (!this.origin && this.proving) await this.proving.catch(() => {});
    if (this.origin) return this.openAs(kind, this.origin);
    // Another window has let the customer in, who proved the number there.
    this.tries.markProven();
    const opening = this.openAs(kind, null);
    this.proving = opening;
    try {
      const channel = await opening;
      this.goBackTo(channel.origin);
      return channel;
    } finally {
      this.proving = null;
    }
  }

  private async openAs(kind: Kind, origin: Origin | null): Promise<SealedChannel> {
    const stream = await this.api.openStream(this.place, kind);
    try {
      return await openSealed({ stream, kind, number: this.number, tries: this.tries, origin });
    } catch (e) {
      this.endWhenBurnt();
      throw e;
    }
  }

  /** After a reload or a lost line the control stream is opened again. */
  private async ensureControl(): Promise<void> {
    if (this.control) return;
    if (this.openingControl) return this.wakeControl(); // a way may be open again
    this.openingControl = true;
    while (this.phase === "joined" && !this.customerGone && this.line !== "replaced" && !this.left && !this.control) {
      try {
        this.useControl(await this.openStream("control"));
        this.backoff.reset();
      } catch (e) {
        // The other end does not know us any more; it never will.
        if (e instanceof SealError && e.failure === "origin") break;
        await this.pauseControl();
      }
    }
    this.openingControl = false;
    this.changed();
  }

  /** Waits before the next try, unless something changes for the better. */
  private pauseControl(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.backoff.next());
      this.wakeControl = () => {
        clearTimeout(timer);
        this.backoff.reset();
        resolve();
      };
    });
  }

  private useControl(channel: SealedChannel): void {
    this.dropControl();
    const control = new ControlStream(channel, {
      hello: (customer, answer) => {
        this.customer = customer;
        this.answer = answer;
        this.changed();
      },
      state: (state) => this.setShared(state),
      event: (event) => {
        this.note(event);
      },
      door: (answer) => this.doorAnswer(answer),
      bye: (reason) => {
        this.customerGone = true;
        control.close();
        if (reason === "burnt") this.endBurnt();
      },
      closed: () => {
        if (this.control !== control) return;
        this.control = null;
        // What is not known any more is not claimed.
        this.setShared(nothingShared);
        // A short pause: an end or a lost line is told by the owner's link.
        setTimeout(() => void this.ensureControl(), 300);
      },
    });
    this.control = control;
    this.compare = channel.compare;
  }

  private note(event: ControlEvent): void {
    const now = Date.now();
    this.events = now - this.eventTime < 1000 ? [...this.events, event] : [event];
    this.eventTime = now;
    this.changed();
  }

  private dropControl(): void {
    const control = this.control;
    this.control = null;
    control?.close();
  }

  private setShared(state: ControlState): void {
    for (const right of rightNames) {
      if (!state.rights[right]) delete this.since[right];
      else this.since[right] ??= new Date();
    }
    const hadControl = this.shared.rights.control;
    const hadShow = this.shared.rights.show;
    this.shared = state;
    if (state.rights.show !== hadShow) this.show.given(state.rights.show);
    // The other direction is over: its picture would only say so.
    if (state.rights.show && !hadShow) this.view.close();
    this.view.applyRights();
    // Anyone who is typing on the page goes on there.
    const typing = document.activeElement instanceof HTMLTextAreaElement;
    if (!hadControl && state.rights.control && !typing) this.view.focus();
    this.changed();
  }

  private finish(reason: string): void {
    this.phase = "ended";
    this.reason = reason;
    forget(this.number);
    this.leave();
    this.shared = nothingShared;
    this.since = {};
    this.changed();
  }
}

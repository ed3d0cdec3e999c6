import { Backoff } from "../common/backoff.ts";
import { ChatModel, type KeptChat } from "../common/chatlines.ts";
import { noRights, rightNames, wishNames, type Answer, type Right, type Wish } from "../common/rights.ts";
import { RecordLog } from "../record/log.ts";
import { maxTries, Origin, SealError, Tries, type Kind, type SealedChannel } from "../seal/index.ts";
import { ApiError, viewerDoors, type Api, type Phase, type ViewerDoor, type ViewerPassword } from "./api.ts";
import { Colleagues } from "./colleagues.ts";
import {
  ControlStream,
  type ControlEvent,
  type ControlHandlers,
  type ControlState,
  type Customer,
  type DoorNumber,
} from "./control.ts";
import { Files, type FileEvent } from "./files.ts";
import { OwnerLink, type Foreign } from "./owner.ts";
import { Recording, type FilmEvent } from "./recording.ts";
import { Show } from "./show.ts";
import { forget, keep, triedNumbers, type Kept } from "./store.ts";
import { openSealed } from "./stream.ts";
import { isTyping, View } from "./view.ts";

const nothingShared: ControlState = {
  direction: "none",
  rights: noRights,
  asked: [],
  share: null,
  paused: false,
  hands: false,
  panelClosed: false,
  held: false,
  notice: "",
  viewers: [],
  you: "",
  advisor: null,
  colleagues: [],
  holder: "",
};

/** An attempt to enter, as shown to the advisor. "used": somebody else has entered already. */
export type Attempt = "checking" | "wrong" | "used" | null;

/** How long the customer's program ignores another reminder, in milliseconds. */
const remindEvery = 10_000;

/** How many events that come together are shown. */
const maxTogether = 4;

/** How long the customer's program may take to end the session by itself, in milliseconds. */
const endPatience = 1000;

/** How long an event stays in sight, in milliseconds. */
const eventLife = 4000;

/** How long the customer's program may take to send a number for a viewer, in milliseconds. */
const doorTimeout = 10_000;

/** Why there is no number for a viewer: no answer arrived, or it cannot be used. */
export class DoorError extends Error {
  override readonly name = "DoorError";

  constructor(readonly why: "silent" | "unusable") {
    super(why);
  }
}

/** What the advisor is told of; it is seen for a while. */
export type SessionEvent = ControlEvent | FileEvent | FilmEvent;

/** One session that this page holds: its number, links, streams and state. */
export class Session {
  readonly place: string;
  readonly view: View;
  readonly show: Show;
  readonly chat: ChatModel;
  readonly files: Files;
  readonly colleagues: Colleagues;
  /** Another advisor leads the session, and this one is a colleague in it. */
  guest: boolean;
  readonly recording: Recording;
  phase: Phase = "waiting";
  reason = "";
  expires: Date | null = null;
  foreign: Foreign = "";
  line: "up" | "down" | "replaced" = "down";
  customer: Customer | null = null;
  answer: Answer = "";
  shared: ControlState = nothingShared;
  since: Partial<Record<Right, Date>> = {};
  /** The latest events; events that belong together are kept together. */
  events: SessionEvent[] = [];
  /** What happened; the customer's program sends it. */
  readonly record = new RecordLog();
  /** The advisor's note, for the record that is saved. */
  noted = "";
  /** Whether the latest event is to be seen. */
  eventsFresh = false;
  /** Whether to say that the customer has just closed the program's window. */
  panelNews = false;
  attempt: Attempt = null;
  /** The four digits to compare by voice, from the exchange that this page's streams go back to. */
  compare = "";

  /** How long a message to the customer and back takes, in milliseconds; null if not known. */
  latency: number | null = null;

  /** The advisor has compared the four digits. */
  compared = false;

  /** Somebody guessed at a viewer's number until it was burnt; a new one can be drawn. */
  viewerBurnt = false;

  /** When the customer's time to answer is over, for each right that is being asked for. */
  readonly until: Partial<Record<Wish, number>> = {};

  private readonly doorWaits = new Map<string, (number: string) => void>();
  private readonly tries: Tries;
  /** The exchange that all later streams of this page go back to. */
  private origin: Origin | null;
  /** The first stream's exchange, while it runs; other streams wait for it. */
  private proving: Promise<unknown> | null = null;
  private owner: OwnerLink | null;
  private control: ControlStream | null = null;
  /** The customer's end has said goodbye, so a new stream could not reach anything. */
  private customerGone = false;
  private openingControl = false;
  private readonly backoff = new Backoff();
  private wakeControl: () => void = () => {};
  private endAsked = false;
  /** This advisor passes the session on. */
  private passing = false;
  private remindedAt = -Infinity; // Date.now
  private left = false;
  /** The page showed the screen before it was loaded again. */
  private wasViewing: boolean;
  /** When the customer came; null if nobody has. */
  joinedAt: number | null = null;
  private endedAt: number | null = null;
  private eventTime = 0;
  private eventTimer: ReturnType<typeof setTimeout> | undefined;
  private panelTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly api: Api,
    private readonly kept: Kept,
    private readonly changed: () => void,
  ) {
    this.place = kept.number.slice(0, 4);
    this.wasViewing = kept.viewing;
    keep(kept);
    this.tries = new Tries(maxTries, triedNumbers().of(kept.number));
    this.origin = kept.origin && Origin.from(kept.origin);
    if (this.origin) this.tries.markProven();
    this.view = new View(
      () => this.openStream("view"),
      () => this.phase === "joined" && !this.customerGone,
      () => this.shared.rights,
      () => this.viewChanged(),
    );
    this.show = new Show(() => this.openStream("show"), changed);
    this.chat = new ChatModel("advisor", kept.chat, (chat) => this.keepChat(chat));
    this.chat.changed = changed;
    this.files = new Files(
      () => this.openStream("file"),
      (event) => this.tell(event),
      changed,
    );
    this.colleagues = new Colleagues(this.place, api, changed);
    this.recording = new Recording({
      open: () => this.openStream("record"),
      ask: () => this.ask("record"),
      giveBack: () => this.giveBack("record"),
      happened: (event) => this.tell(event),
      changed,
    });
    this.guest = kept.guest ?? false;
    this.owner = this.guest ? null : this.connectOwner();
    if (this.guest) this.setPhase("joined", "", null);
  }

  get number(): string {
    return this.kept.number;
  }

  /** The number of wrong tries at the number. */
  get wrongTries(): number {
    return this.tries.used;
  }

  /** How long the customer was here, in whole minutes, at least one; null if nobody was. */
  duration(): number | null {
    if (!this.joinedAt) return null;
    return Math.max(1, Math.round(((this.endedAt ?? Date.now()) - this.joinedAt) / 60_000));
  }

  /** Whether a request can reach the customer's program. */
  get canAsk(): boolean {
    return this.control !== null && this.phase === "joined";
  }

  /** Passes the session on to a colleague, and leaves it. */
  pass(account: string): void {
    this.passing = true;
    this.colleagues.passSession(account);
  }

  /** Whether this advisor is the one who may ask for control and the clipboard. */
  get holds(): boolean {
    return this.shared.holder === this.shared.you;
  }

  /** Whether the customer's program can fulfil the request. */
  can(wish: Wish): boolean {
    return this.customer?.can.includes(wish) ?? false;
  }

  ask(right: Wish): void {
    this.control?.ask(right);
  }

  giveBack(right: Exclude<Right, "point">): void {
    this.control?.giveBack(right);
  }

  /** Withdraws the request for a right. */
  withdraw(right: Wish): void {
    if (right === "view") this.view.close();
    else if (right === "record") this.recording.stop();
    else this.control?.giveBack(right);
  }

  /** Whether the customer's program can be asked to draw attention to its question. */
  get canRemind(): boolean {
    return this.canAsk && this.customer?.reminds === true;
  }

  /** The customer was reminded a moment ago; the program ignores a further reminder. */
  get justReminded(): boolean {
    return Date.now() - this.remindedAt < remindEvery;
  }

  /** Whether this session has a chat. */
  get hasChat(): boolean {
    return this.customer?.chat === true && (this.phase === "joined" || this.phase === "away") && this.line !== "replaced";
  }

  /** Why no file can be offered now; "" if one can. */
  get cannotOffer(): "nobody" | "connection" | "browser" | "program" | "" {
    if (this.line === "replaced" || (this.phase !== "joined" && this.phase !== "away")) return "nobody";
    if (!this.canAsk || !this.customer) return "connection";
    return this.customer.files ? "" : this.customer.browser ? "browser" : "program";
  }

  /** Sends what was typed for the customer. */
  sendChat(): void {
    this.chat.send((text, tag) => {
      if (!this.canAsk) return false;
      this.control?.write(text, tag);
      return true;
    });
  }

  remind(): void {
    if (this.justReminded) return;
    this.remindedAt = Date.now();
    this.control?.remind();
    this.changed();
  }

  /** The seconds that the customer has left to answer; null if that is not known. */
  secondsLeft(right: Wish): number | null {
    const until = this.until[right];
    return until === undefined ? null : Math.max(0, Math.ceil((until - Date.now()) / 1000));
  }

  /** Ends the session for both ends. */
  async end(): Promise<void> {
    this.endAsked = true;
    // Nothing more is seen and shown from now on, whatever the other side does.
    this.view.close();
    this.show.stop();
    if (this.control) {
      // The customer's program answers with the last lines of the record, and ends the session.
      // The gateway would end it before they arrive.
      this.control.end();
      await new Promise((resolve) => setTimeout(resolve, endPatience));
      if (this.phase === "ended") return;
    }
    if (this.guest) return this.finish("left");
    if (this.owner?.end()) return;
    await this.api.endSession(this.place);
    this.finish("advisor");
  }

  /** The doors for the advisor's own viewers, each with its address. */
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
    // The gateway must not receive the number that seals everything else.
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

  /** The address to which foreign servers connect; "" if there is no such door. */
  get serverAddress(): string {
    return this.api.doors.find((d) => d.door === "repeater")?.servers ?? "";
  }

  openForeign(): Promise<void> {
    return this.api.openForeign(this.number);
  }

  /** Takes the session back from another of this advisor's windows. */
  takeHere(): void {
    this.line = "down";
    this.owner = this.connectOwner();
    this.changed();
  }

  /** Reconnects everything, because the gateway no longer answers. */
  lineLost(): void {
    if (this.phase === "ended" || this.line === "replaced") return;
    this.line = "down";
    this.owner?.reconnect();
    this.control?.close();
    this.view.drop();
    this.files.drop();
    this.changed();
  }

  /** Releases the session on this page without ending it. */
  leave(): void {
    this.left = true;
    this.files.stop();
    this.recording.leave();
    clearTimeout(this.eventTimer);
    clearTimeout(this.panelTimer);
    this.owner?.close();
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
        if (this.passing) return this.finish("passed");
        this.line = "replaced";
        this.recording.stop();
        this.dropControl();
        this.view.close();
        this.show.stop();
        this.files.stop();
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
      this.joinedAt ??= Date.now();
      this.attempt = null;
      void this.ensureControl();
      this.view.resume();
    }
    this.changed();
  }

  /**
   * Runs the seal with an end that entered the place, which shows whether it has the number. Only
   * one end gets in, whatever the gateway reports: a later one is not the customer.
   */
  private async entering(stream: string): Promise<void> {
    const before = this.wrongTries;
    this.attempt = "checking";
    this.changed();
    try {
      const channel = await openSealed({ stream, kind: "control", number: this.number, tries: this.tries, once: true });
      this.goBackTo(channel.origin);
      this.useControl(channel);
      this.owner?.verdict(stream, true);
    } catch (e) {
      // A line that broke before the peer could test a guess is no try.
      const used = e instanceof SealError && e.failure === "used";
      this.attempt = used ? "used" : this.wrongTries > before ? "wrong" : null;
      this.owner?.verdict(stream, false);
      this.endWhenBurnt();
      this.changed();
    }
  }

  private goBackTo(origin: Origin): void {
    this.origin = origin;
    this.kept.origin = origin.keep();
    keep(this.kept);
  }

  /** Ends the session for both ends if the number is burnt, even if the gateway would continue. */
  private endWhenBurnt(): void {
    if (this.tries.burnt) this.endBurnt();
  }

  private endBurnt(): void {
    if (this.phase === "ended") return;
    if (this.guest) return this.finish("number");
    if (!this.owner?.burnt()) void this.api.endSession(this.place).catch(() => {});
    this.finish("burnt");
  }

  private async openStream(kind: Kind): Promise<SealedChannel> {
    while (!this.origin && this.proving) await this.proving.catch(() => {});
    if (this.origin) return this.openAs(kind, this.origin);
    // Another window has let the customer in, and the customer proved the number there.
    if (!this.guest) this.tries.markProven();
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

  /** Opens the control stream again after a reload or a lost line. */
  private async ensureControl(): Promise<void> {
    if (this.control) return;
    if (this.openingControl) return this.wakeControl(); // a door may be open again
    this.openingControl = true;
    while (this.phase === "joined" && !this.customerGone && this.line !== "replaced" && !this.left && !this.control) {
      try {
        this.useControl(await this.openStream("control"));
        this.backoff.reset();
      } catch (e) {
        // The other end has forgotten the exchange for good.
        if (e instanceof SealError && e.failure === "origin") break;
        if (this.guest && this.refusesGuest(e)) break;
        await this.pauseControl();
      }
    }
    this.openingControl = false;
    this.changed();
  }

  /** Ends the session of a colleague who is not, or no longer, admitted, or has another number. */
  private refusesGuest(e: unknown): boolean {
    const wrong = e instanceof SealError && (e.failure === "wrong-number" || e.failure === "burnt");
    if (wrong) this.finish("number");
    else if (e instanceof ApiError && e.code === "not_found") this.finish("gone");
    else return false;
    return true;
  }

  /** The session was passed to this advisor: from now on this page owns it. */
  private takeLead(): void {
    this.guest = false;
    this.kept.guest = false;
    keep(this.kept);
    this.owner = this.connectOwner();
  }

  /** Waits before the next attempt, or until the situation improves. */
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
    const handlers: ControlHandlers = {
      hello: (customer, answer) => {
        this.customer = customer;
        this.answer = answer;
        this.recording.agent = customer.recordKey;
        if (customer.files) this.files.connect(control);
        if (customer.colleagues) this.colleagues.connect(control);
        this.changed();
      },
      state: (state) => {
        this.setShared(state);
        this.recording.state(state);
      },
      event: (event) => {
        this.note(event);
        this.recording.event(event);
      },
      latency: (milliseconds) => {
        this.latency = milliseconds;
        this.changed();
      },
      door: (answer) => this.doorAnswer(answer),
      record: (first, lines) => {
        // Lines that do not belong to it are left out, and then the record lacks its end.
        this.record.take(first, lines);
      },
      chatLine: (line) => this.chat.take(line),
      chatRefused: (refusal) => this.chat.refused(refusal),
      file: (state) => this.files.take(state),
      given: (offer) => this.files.give(offer),
      colleague: (state) => this.colleagues.take(state),
      bye: (reason) => {
        this.customerGone = true;
        control.close();
        if (reason === "burnt") this.endBurnt();
        else if (reason === "passed") this.finish("passed");
        else if (this.guest) this.finish(reason === "advisor" ? "gone" : reason);
      },
      closed: () => {
        if (this.control !== control) return;
        this.control = null;
        this.latency = null;
        this.chat.lost();
        this.files.disconnect();
        this.colleagues.disconnect();
        if (this.guest) this.line = "down";
        this.recording.disconnect();
        // Do not show a state that is no longer known.
        this.setShared(nothingShared);
        // A short pause: the owner's link reports an end or a lost line.
        setTimeout(() => void this.ensureControl(), 300);
      },
    };
    const control = new ControlStream(channel, handlers, this.recording.key.announced);
    this.control = control;
    this.compare = channel.compare;
    if (this.guest) {
      this.line = "up";
      this.view.resume();
    }
  }

  private viewChanged(): void {
    const viewing = this.view.isOpen;
    if (viewing !== this.kept.viewing && this.phase === "joined" && !this.left) {
      this.kept.viewing = viewing;
      keep(this.kept);
    }
    this.changed();
  }

  private note(event: ControlEvent): void {
    const now = Date.now();
    if (event.right !== "point") {
      if (event.event === "asked") {
        this.until[event.right] = now + event.seconds * 1000;
        return this.changed();
      }
      delete this.until[event.right];
    }
    this.tell(event);
  }

  /** Shows an event for a while, together with others of the same moment. */
  private tell(event: SessionEvent): void {
    const now = Date.now();
    this.events = now - this.eventTime < 1000 ? [...this.events, event].slice(-maxTogether) : [event];
    this.eventTime = now;
    this.eventsFresh = true;
    clearTimeout(this.eventTimer);
    this.eventTimer = setTimeout(() => {
      this.eventsFresh = false;
      this.changed();
    }, eventLife);
    this.changed();
  }

  private keepChat(chat: KeptChat): void {
    this.kept.chat = chat;
    if (this.phase !== "ended" && !this.left) keep(this.kept);
  }

  private dropControl(): void {
    const control = this.control;
    this.control = null;
    control?.close();
    this.chat.lost();
    this.files.disconnect();
    this.colleagues.disconnect();
  }

  private setShared(state: ControlState): void {
    for (const right of rightNames) {
      if (!state.rights[right]) delete this.since[right];
      else this.since[right] ??= new Date();
    }
    for (const wish of wishNames) if (!state.asked.includes(wish)) delete this.until[wish];
    const hadControl = this.shared.rights.control;
    const hadShow = this.shared.rights.show;
    if (state.panelClosed !== this.shared.panelClosed) {
      this.panelNews = state.panelClosed;
      clearTimeout(this.panelTimer);
      this.panelTimer = setTimeout(() => {
        this.panelNews = false;
        this.changed();
      }, eventLife);
    }
    this.shared = state;
    this.colleagues.learn(state.colleagues);
    if (this.guest && this.control && state.you === "" && state !== nothingShared) this.takeLead();
    if (state.rights.show !== hadShow) this.show.given(state.rights.show);
    // The other direction has ended, and its picture would only report that.
    if (state.rights.show && !hadShow) this.view.close();
    if (this.wasViewing && this.control) {
      this.wasViewing = false;
      if (state.rights.view) this.view.open(); // nobody is asked: the right is given
    }
    this.view.applyRights();
    if (!hadControl && state.rights.control && !isTyping()) this.view.focus();
    this.changed();
  }

  private finish(reason: string): void {
    this.endedAt ??= Date.now();
    this.phase = "ended";
    this.reason = reason;
    forget(this.number);
    this.leave();
    this.shared = nothingShared;
    this.since = {};
    this.changed();
  }
}

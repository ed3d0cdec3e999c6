import { ChatModel } from "../../common/chatlines.ts";
import { RecordLog, stamp, type Entry } from "../../record/log.ts";
import { recordText } from "../../record/words.ts";
import type { SavedRecord } from "../../record/files.ts";
import { Origins, Tries, type SealedChannel } from "../../seal/index.ts";
import { TriedNumbers } from "../../common/tried.ts";
import { grouped, parseNumber } from "../../common/number.ts";
import { lineNames, type Right, type Viewer } from "../../common/rights.ts";
import type { Share } from "../../common/shares.ts";
import type { PanelActions } from "../../panel/actions.ts";
import type { Asked, PanelPhase, Snapshot } from "../../panel/snapshot.ts";
import { canCapture, chooseScreen, type Chosen } from "../../share/capture.ts";
import { ScreenShare } from "../../share/screenshare.ts";
import { doorNumberLife, maxControls, maxViewers, type ChatRefusal, type ChatSide, type FromAgent } from "../../protocol_gen.ts";
import { systemName, systemOf } from "../systems.ts";
import { commonTexts } from "../../texts_gen/common.ts";
import { recordTexts } from "../../texts_gen/record.ts";
import type { Language } from "../../texts_gen/languages.ts";
import { sharingTexts } from "../../texts_gen/sharing.ts";
import { AcceptedLines, forAdvisors } from "./chat.ts";
import {
  beginning,
  direction,
  effective,
  next,
  type Change,
  type Consent,
  type ConsentEvent,
  type ConsentRight,
  type Outcome,
} from "./consent.ts";
import { ControlEnd } from "./control.ts";
import { lineOf } from "./doors.ts";
import type { Limits } from "./filelist.ts";
import { SharedFiles } from "./files.ts";
import { HeldChannel } from "./held.ts";
import { AgentLink, type Call, type Entered, type Person } from "./link.ts";
import { Refusals } from "./refusals.ts";

const answerWithin = 60_000;
/**
 * A question accepts no answer for this long, so that a click already under way cannot answer it.
 * In milliseconds.
 */
const armAfter = 1_000;
/** How long the advisor's ends may take to read the end, in milliseconds. */
const hearWithin = 500;

/** How long the browser's picker may take, in milliseconds. */
const pickWithin = 180_000;
/**
 * How long a number that did not match is remembered, in milliseconds: longer than a number waits.
 */
const triedFor = 60 * 60 * 1000;

type By = "customer" | "advisor" | "auto";

/** The customer's end of a session without a program: this page is the agent. */
export class BrowserAgent implements PanelActions {
  /** The chat as this page shows it. */
  readonly chat = new ChatModel("customer");
  readonly files: SharedFiles;
  private readonly lines = new AcceptedLines();
  private readonly t;
  private phase: PanelPhase = "number";
  private error: Snapshot["error"] = null;
  private digits = "";
  private advisor: Person | null = null;
  private compare = "";
  private reason = "";
  /** Nothing could show the advisor's arrow on this screen. */
  private consent: Consent = { ...beginning, silenced: new Set(["point"]) };
  private seq = 0;
  private link: AgentLink | null = null;
  private screen: ScreenShare | null = null;
  private readonly numbers = new Map<string, Entered>();
  private readonly controls = new Set<ControlEnd>();
  private readonly viewers = new Set<Viewer>();
  private readonly waiting = new Set<(outcome: Outcome) => void>();
  private shown: HeldChannel | null = null; // the advisor's screen
  private opened = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private picking = false;
  /** The terms that the gateway asks to accept, and those that were accepted. */
  private asked: { version: string; sha256: string } | null = null;
  private accepted: { version: string; sha256: string; at: string } | null = null;
  private survey: Snapshot["survey"] = null;
  /** Called when all control streams are closed. */
  private heard: () => void = () => {};
  private readonly record = new RecordLog();
  private readonly refusals = new Refusals((right) => this.apply({ kind: "ready", right }, "auto"));

  constructor(
    private readonly language: Language,
    private readonly changed: (s: Snapshot) => void,
    /** Receives the captured stream, for a preview; null while nothing is captured. */
    private readonly captured: (stream: MediaStream | null) => void,
    /** The place from an invitation, for the number's field; "" for none. */
    private readonly offer = "",
  ) {
    this.t = sharingTexts[language];
    this.files = new SharedFiles({
      consent: () => this.consent,
      ending: () => this.reason !== "",
      apply: (e) => this.apply(e, "advisor"),
      report: (message) => this.report(message),
      note: (entry) => this.note(entry),
      changed: () => this.show(),
    });
  }

  get busy(): boolean {
    return this.phase === "joined" || this.phase === "away";
  }

  /** Publishes the current state; afterwards every change is published. */
  start(): void {
    this.publish();
  }

  enter(typed: string): void {
    const digits = parseNumber(typed);
    if (this.phase !== "number" || digits === "") return;
    this.digits = digits;
    this.phase = "connecting";
    this.error = null;
    const entered = this.numbers.get(digits) ?? newEntered(digits);
    this.numbers.set(digits, entered);
    this.link = new AgentLink(
      entered,
      {
        joined: (advisor, survey, limits) => this.joined(advisor, survey, limits),
        stream: (channel, call) => this.stream(channel, call),
        away: () => {
          this.phase = "away";
          this.note({ event: "away" });
          this.apply({ kind: "lose" }, "auto");
          this.publish();
        },
        refused: ({ code, retryAfter, terms }) => {
          this.phase = "number";
          this.asked = terms ?? null;
          this.error = {
            code,
            message: "",
            retryAfter,
            terms: terms ? { version: terms.version, address: location.origin + "/terms" } : null,
          };
          this.publish();
        },
        doorBurnt: (door) => {
          for (const control of this.controls) control.send({ type: "door", door, number: "", gone: "burnt" });
        },
        burnt: () => this.sayEnd("burnt"),
        over: (reason) => this.over(reason),
      },
      this.accepted?.version ?? "",
    );
    void this.link.run();
    this.publish();
  }

  acceptTerms(version: string): void {
    const { asked, digits } = this;
    if (this.phase !== "number" || asked?.version !== version) return;
    this.accepted = { ...asked, at: stamp(new Date()) };
    this.enter(digits);
  }

  answer(id: string, allow: boolean): void {
    const { question, serial } = this.consent;
    if (!question || id !== String(serial)) return;
    // A refusal is accepted at once.
    if (!allow) return this.apply({ kind: "refuse", serial }, "customer");
    if (!this.armed || this.picking) return;
    if (question !== "view") return this.apply({ kind: "allow", serial }, "customer");
    void this.pick().then((chosen) => {
      const still = this.consent.question === "view" && this.consent.serial === serial;
      if (!chosen || !still) {
        stopAll(chosen);
        // Somebody who closed the picker gets more time to decide.
        this.opened = Math.max(this.opened, Date.now() - answerWithin / 2);
        this.watchQuestion();
        return this.publish();
      }
      this.use(chosen);
      this.apply({ kind: "allow", serial }, "customer");
    });
  }

  /** Opens the picker again. What the customer chooses in it needs no further question. */
  chooseAgain(): void {
    if (!this.consent.given.has("view") || this.picking) return;
    void this.pick().then((chosen) => {
      this.watchQuestion(); // a question may have been put meanwhile
      if (!chosen || !this.consent.given.has("view")) {
        stopAll(chosen);
        return this.publish();
      }
      this.use(chosen);
      if (this.consent.paused) this.screen?.hide(this.pausedWords());
      this.noteShown();
      this.publish();
    });
  }

  /** The browser's picker makes the choice, so there is never a proposal. */
  share(): void {}

  silence(right: Asked | "point", on: boolean): void {
    if (right === "view" || right === "show" || right === "files")
      this.apply({ kind: on ? "silence" : "unsilence", right }, "customer");
  }

  take(right: Right): void {
    if (right === "view" || right === "show") this.apply({ kind: "take", right }, "customer");
  }

  stopFile(file: string): void {
    this.files.stopFile(file);
  }

  pause(on: boolean): void {
    this.note({ event: on ? "paused" : "resumed" });
    this.apply({ kind: on ? "pause" : "resume" }, "customer");
  }

  write(text: string, tag: number): boolean {
    const why = this.pass("customer", text, tag);
    if (why !== null) this.chat.refused({ tag, why });
    return true;
  }

  /** Passes a line on to everybody. Returns why not, or null. */
  private pass(by: ChatSide, text: string, tag: number): ChatRefusal | null {
    if (this.phase !== "joined" || this.reason !== "") return "nobody";
    const line = this.lines.add(by, text, tag);
    if (typeof line === "string") return line;
    this.report({ type: "chatLine", ...forAdvisors(line) });
    this.chat.take({ ...line, time: new Date(line.time), tag: by === "customer" ? tag : 0, who: "" });
    return null;
  }

  end(): void {
    if (this.phase === "connecting") {
      this.link?.stop();
      this.phase = "number";
      return this.publish();
    }
    if (this.busy) this.endFor("customer");
  }

  /** Ends the session: everything is taken back at once, and then the gateway is told. */
  private endFor(reason: "customer" | "advisor"): void {
    this.sayEnd(reason);
    const { link } = this;
    // The gateway cuts the streams at once, so first let their data arrive: the advisor's ends
    // close them when they have read the end.
    const tell = () => {
      clearTimeout(timer);
      this.heard = () => {};
      link?.end(reason);
      this.over(reason);
    };
    const timer = setTimeout(tell, hearWithin);
    this.heard = tell;
    if (this.controls.size === 0) tell();
  }

  /** Takes back every right and reports the reason to the advisor's ends. */
  private sayEnd(reason: "customer" | "advisor" | "burnt"): void {
    this.reason ||= reason;
    this.apply({ kind: "end" }, reason === "burnt" ? "auto" : reason);
    this.files.over();
    this.note({ event: "over", reason: this.reason });
    for (const control of this.controls) control.send({ type: "bye", reason });
  }

  /** Called when the page is being left: everything ends at once. */
  leave(): void {
    if (this.phase === "ended") return;
    this.link?.end("customer");
    this.files.over();
    this.screen?.close();
  }

  openShow(): Promise<object> {
    const { shown } = this;
    if (!shown || !effective(this.consent).has("show")) return Promise.reject(new Error("nothing is shown"));
    return Promise.resolve(shown);
  }

  private get armed(): boolean {
    return Date.now() - this.opened >= armAfter;
  }

  private joined(advisor: Person | null, survey: { question: string; answer: string }, limits: Limits | null): void {
    const first = this.consent.phase === "alone";
    this.files.limit(limits);
    if (first) {
      this.advisor = advisor; // a session has one advisor
      this.note({ event: "begin", version: 1, gateway: location.host, who: { ...advisor } });
      if (this.accepted) this.note({ event: "terms", terms: this.accepted });
      if (survey.question && survey.answer)
        this.survey = { question: survey.question, address: `${location.origin}/answer/${survey.answer}` };
    }
    this.note(first ? { event: "joined", code: this.compare } : { event: "back" });
    this.phase = "joined";
    if (!first) this.files.gone(null);
    this.apply({ kind: first ? "join" : "rejoin" }, "auto");
    this.publish();
    for (const control of this.controls) control.start();
  }

  private who(): string {
    return this.advisor?.display || this.advisor?.name || commonTexts[this.language].yourAdvisor;
  }

  private stream(channel: SealedChannel, call: Call): void {
    if (this.phase === "ended") return channel.close();
    switch (call.kind) {
      case "control":
        return this.serveControl(channel, call);
      case "view":
        return this.serveViewer(channel, call);
      case "show":
        return this.takeShow(channel, call);
      case "file":
        return this.serveFile(channel, call);
      case "record":
        return channel.close();
    }
  }

  private serveControl(channel: SealedChannel, call: Call): void {
    // Accept no requests from a gateway that poses as the advisor.
    if (lineOf(call.door) !== "sealed" || this.controls.size >= maxControls) return channel.close();
    if (call.door !== "helper" || this.controls.size === 0) this.compare = channel.compare;
    const control: ControlEnd = new ControlEnd(channel, {
      ask: (right) => {
        // A show is requested by its stream.
        if (right === "view" && canCapture()) this.apply({ kind: "ask", right }, "advisor");
      },
      giveBack: (right) => {
        if (right === "view" || right === "show") this.apply({ kind: "return", right }, "advisor");
      },
      door: (door) => {
        const number = this.link?.doors.issue(door);
        // Only the end that asked gets the number.
        if (number) control.send({ type: "door", door, number, seconds: doorNumberLife / 1000 });
      },
      chat: (text, tag) => {
        const why = this.pass("advisor", text, tag);
        if (why !== null) control.send({ type: "chatRefused", tag, why });
      },
      file: (id, name, size) => this.files.offered(id, name, size, control),
      fileCancel: (id) => this.files.withdrawn(id, control),
      end: () => {
        if (this.busy && this.reason === "") this.endFor("advisor");
      },
      closed: () => {
        this.controls.delete(control);
        this.files.gone(control);
        if (this.controls.size === 0) this.heard();
        if (this.controls.size === 0 && this.viewers.size === 0) this.apply({ kind: "withdraw", right: "view" }, "auto");
      },
    });
    this.controls.add(control);
    if (this.consent.phase === "joined") control.start();
    control.send({
      type: "hello",
      version: "1",
      customer: { user: "", host: "", system: systemName(systemOf(navigator.userAgent)) },
      program: "browser",
      can: canCapture() ? ["view", "show"] : ["show"],
      pong: true,
      chat: true,
      files: true,
      answer: "",
    });
    control.send(this.state());
    for (const line of this.lines.latest) control.send({ type: "chatLine", ...forAdvisors(line) });
    for (const batch of this.record.batches()) control.send({ type: "record", ...batch });
    this.files.greet(control);
    this.publish();
  }

  private serveViewer(channel: SealedChannel, call: Call): void {
    if (this.viewers.size >= maxViewers) return channel.close();
    const viewer = viewerOf(channel, call);
    let wait: ((outcome: Outcome) => void) | null = null;
    let served = false;
    const share = (this.screen ??= this.newShare());
    share.serve(channel, {
      name: "Lotse",
      approve: async () => {
        const refusal = await this.approve((w) => (wait = w));
        if (refusal === null && channel.readyState === 1) {
          served = true;
          this.viewers.add(viewer);
          this.publish();
        }
        return refusal;
      },
      closed: () => {
        if (wait && this.waiting.delete(wait) && this.waiting.size === 0) this.apply({ kind: "withdraw", right: "view" }, "auto");
        if (!served) return;
        this.viewers.delete(viewer);
        this.publish();
      },
    });
  }

  /** Returns null if a viewer may see the picture, else the reason for its user. */
  private async approve(waits: (w: (outcome: Outcome) => void) => void): Promise<string | null> {
    const { t } = this;
    const { given, paused, phase } = this.consent;
    if (given.has("view")) return null;
    if (phase !== "joined") return t.refusals.over;
    if (paused) return t.refusals.paused;
    if (!canCapture()) return t.refusals.cannot;
    const outcome = await new Promise<Outcome>((resolve) => {
      this.waiting.add(resolve);
      waits(resolve);
      this.apply({ kind: "ask", right: "view" }, "advisor");
    });
    if (outcome === "given") return null;
    return outcome === "timeout" ? t.refusals.timeout : t.refusals.refused;
  }

  /** Carries a file, if one moves now. A gateway that poses as the advisor gets none. */
  private serveFile(channel: SealedChannel, call: Call): void {
    if (lineOf(call.door) !== "sealed") return channel.close();
    this.files.serve(new HeldChannel(channel, () => {}));
  }

  /** Takes the advisor's screen. Passes nothing on before the customer's yes. */
  private takeShow(channel: SealedChannel, call: Call): void {
    if (this.shown || lineOf(call.door) !== "sealed" || this.consent.paused) return channel.close();
    const shown: HeldChannel = new HeldChannel(channel, () => {
      if (this.shown !== shown) return;
      this.shown = null;
      this.apply({ kind: "withdraw", right: "show" }, "advisor");
      this.apply({ kind: "return", right: "show" }, "advisor");
    });
    this.shown = shown;
    this.apply({ kind: "ask", right: "show" }, "advisor");
    if (!this.consent.asked.has("show")) shown.close(); // nobody can be asked now
  }

  /** The lines of a picture that viewers get instead of the screen. */
  private nothingWords(): string[] {
    const { t } = this;
    return [t.nothing.heading, t.nothing.text];
  }

  private pausedWords(): string[] {
    const { t } = this;
    return [t.paused.heading, t.paused.text];
  }

  private newShare(): ScreenShare {
    // The customer ended it in the browser's own bar, or the window was closed.
    return new ScreenShare(this.nothingWords(), () => this.apply({ kind: "take", right: "view" }, "customer"));
  }

  private async pick(): Promise<Chosen | null> {
    const { serial } = this.consent;
    this.picking = true;
    clearTimeout(this.timer);
    this.publish();
    const late = setTimeout(() => {
      // The page cannot close the picker; whatever is chosen later is stopped.
      this.apply({ kind: "timeout", serial }, "customer");
    }, pickWithin);
    try {
      return await chooseScreen();
    } finally {
      clearTimeout(late);
      this.picking = false;
    }
  }

  private use(chosen: Chosen): void {
    this.screen ??= this.newShare();
    this.screen.use(chosen);
    this.captured(chosen.stream);
  }

  private what(): string {
    return this.screen?.name || this.t.names[this.screen?.surface || "chosen"];
  }

  /** Delays a request of the advisor if too many questions have opened. */
  private putOff(right: ConsentRight): void {
    const { phase, given, asked, delayed, silenced } = this.consent;
    const wait = this.refusals.crowded;
    if (wait === 0 || phase !== "joined" || [given, asked, delayed, silenced].some((set) => set.has(right))) return;
    this.apply({ kind: "putOff", right }, "auto");
    this.refusals.putOff(right, wait);
  }

  /** Applies an event to the consent table: first changes what may be seen, then reports it. */
  private apply(e: ConsentEvent, by: By): void {
    if (e.kind === "ask" && by === "advisor") this.putOff(e.right);
    const before = this.consent;
    const { state, changes } = next(before, e);
    if (state === before && changes.length === 0) return;
    this.consent = state;
    this.enforce(before, state);
    for (const { right, outcome } of changes) {
      if (outcome === "given") this.refusals.given(right);
      else if (state.delayed.has(right) && (outcome === "refused" || outcome === "timeout")) this.refusals.refused(right);
    }
    if (state.serial !== before.serial) {
      this.opened = Date.now();
      this.refusals.opened();
    }
    this.watchQuestion();
    for (const change of changes) {
      // What is refused without a question leaves no line: it could fill the record.
      if (change.outcome !== "refused" || by !== "advisor") this.noteChange(change, by);
      this.files.decided(change);
      this.tell(change, change.outcome === "taken" && e.kind === "allow" ? "auto" : by);
    }
    this.files.advance();
    this.publish();
  }

  /** Adds an entry to the record and sends it to the advisor's ends. */
  private note(entry: Omit<Entry, "time">): void {
    const added = this.record.add(entry);
    if (added.lines.length > 0) this.report({ type: "record", ...added });
  }

  private noteShown(): void {
    const share = this.shares();
    if (share) this.note({ event: "shown", share: { kind: share.kind, names: share.names } });
  }

  private noteChange({ right, outcome }: Change, by: By): void {
    if (outcome === "withdrawn") return;
    if (right === "view" && outcome === "given") this.noteShown();
    if (outcome === "opened") this.note({ event: "asked", right });
    else this.note({ event: outcome, right, ...(outcome === "timeout" ? {} : { by }) });
  }

  private savedRecord(): SavedRecord {
    const words = { record: recordTexts[this.language], common: commonTexts[this.language] };
    return { text: recordText(this.record, "", words), json: this.record.json("") };
  }

  private enforce(before: Consent, after: Consent): void {
    const [was, is] = [effective(before), effective(after)];
    if (!after.given.has("view") && before.given.has("view")) {
      this.screen?.stopCapture(this.nothingWords());
      this.captured(null);
    } else if (was.has("view") && !is.has("view")) {
      this.screen?.hide(this.pausedWords());
    } else if (is.has("view") && !was.has("view") && before.given.has("view")) {
      this.screen?.reveal();
    }
    const asking = after.asked.has("show");
    if (this.shown && !after.given.has("show") && !asking) {
      const { shown } = this;
      this.shown = null;
      shown.close();
    }
  }

  private report(event: FromAgent): void {
    for (const control of this.controls) control.send(event);
  }

  private tell({ right, outcome }: Change, by: By): void {
    if (outcome === "opened") {
      if (this.consent.asked.has(right))
        this.report({ type: "event", event: "asked", right, by: "auto", seconds: answerWithin / 1000 });
    } else if (outcome !== "withdrawn") this.report({ type: "event", event: outcome, right, by });
    if (right !== "view" || outcome === "opened") return;
    for (const wait of [...this.waiting]) wait(outcome);
    this.waiting.clear();
  }

  /** Publishes the moment when a question becomes armed, and refuses it after its time. */
  private watchQuestion(): void {
    clearTimeout(this.timer);
    const { question, serial } = this.consent;
    if (!question || this.picking) return;
    const left = this.opened + answerWithin - Date.now();
    if (left <= 0) return this.apply({ kind: "timeout", serial }, "customer");
    const wait = this.armed ? left : armAfter - (Date.now() - this.opened);
    this.timer = setTimeout(() => {
      this.publish();
      this.watchQuestion();
    }, wait + 10);
  }

  private over(reason: string): void {
    if (this.phase === "ended") return;
    this.reason ||= reason;
    this.apply({ kind: "end" }, this.reason === "advisor" ? "advisor" : "auto");
    this.files.over();
    this.note({ event: "over", reason: this.reason });
    this.phase = "ended";
    clearTimeout(this.timer);
    this.refusals.stop();
    this.link?.stop();
    this.screen?.close();
    this.screen = null;
    this.captured(null);
    this.publish();
  }

  private direction(): Snapshot["direction"] {
    const now = direction(this.consent);
    return now === "customer" && this.viewers.size === 0 ? "none" : now;
  }

  private shares(): Share | null {
    if (!this.consent.given.has("view") || !this.screen?.capturing) return null;
    const { surface, name } = this.screen;
    if (surface === "window" || surface === "browser") return { kind: "apps", monitor: 0, apps: [], names: [this.what()] };
    // One of several monitors, if the browser reports that there are more.
    const several = (screen as { isExtended?: boolean }).isExtended === true;
    return surface === "monitor" && several
      ? { kind: "monitor", monitor: 0, apps: [], names: name ? [name] : [] }
      : { kind: "screen", monitor: 0, apps: [], names: [] };
  }

  private rights(): Record<Right | "files", boolean> {
    const { given } = this.consent;
    return {
      view: given.has("view"),
      control: false,
      clipboard: false,
      files: false,
      show: given.has("show"),
      point: false,
      record: false,
    };
  }

  /** The state as the advisor gets it; PROTOCOL.md, section 6. */
  private state(): FromAgent {
    const share = this.shares();
    return {
      type: "state",
      seq: this.seq,
      direction: this.direction(),
      rights: this.rights(),
      asked: [...this.consent.asked],
      share: share && { kind: share.kind, names: share.names },
      paused: this.consent.paused,
      hands: false,
      notice: "",
      viewers: [...this.viewers],
    };
  }

  private publish(): void {
    this.seq++;
    for (const control of this.controls) control.send(this.state());
    this.show();
  }

  /** Shows the current state to the customer; the advisor's ends know it. */
  private show(): void {
    this.changed(this.snapshot());
  }

  private snapshot(): Snapshot {
    const { question, serial, paused } = this.consent;
    const lines = [...this.viewers].map((v) => v.line);
    const weakest = lineNames.findLast((line) => lines.includes(line)) ?? "sealed";
    return {
      seq: this.seq,
      lang: this.language,
      gateway: location.host,
      phase: this.phase,
      error: this.error,
      number: grouped(this.digits),
      advisor: this.advisor && { name: this.who(), company: this.advisor.company },
      compare: this.compare,
      line: weakest,
      direction: this.direction(),
      rights: this.rights(),
      paused,
      hands: false,
      notice: "",
      question: question && {
        id: String(serial),
        right: question,
        seconds: Math.max(0, Math.round((this.opened + answerWithin - Date.now()) / 1000)),
        armed: this.armed && !this.picking,
        window: false,
        proposal: null,
        file: question === "files" ? this.files.question : null,
        colleague: null,
        by: null,
      },
      choices: null,
      share: this.shares(),
      viewers: [...this.viewers],
      colleagues: [],
      holder: null,
      answer: "",
      reason: this.reason,
      key: "",
      record: this.phase === "ended" ? this.savedRecord() : { text: "", json: "" },
      survey: this.phase === "ended" ? this.survey : null,
      silenced: [...this.consent.silenced].filter((right) => right !== "point"),
      pointOff: false,
      files: this.files.shown(),
      recording: null,
      confirm: false,
      offer: this.offer,
    };
  }
}

/**
 * Creates the data of a typed number. An honest advisor's end knows the number: the first mismatch
 * is somebody's guess or the customer's own mistake, and the number is not tried again.
 * seal/SPEC.md, section 6.
 */
function newEntered(digits: string): Entered {
  const tried = new TriedNumbers("lotse-tried", triedFor);
  return { digits, tries: new Tries(1, tried.of(digits)), origins: new Origins() };
}

function viewerOf(channel: SealedChannel, { door, from }: Call): Viewer {
  const line = lineOf(door);
  return line === "sealed"
    ? { door, line: channel.onward ? "partly" : line, from, code: channel.compare, who: "" }
    : { door, line, from, code: "", who: "" };
}

function stopAll(chosen: Chosen | null): void {
  for (const track of chosen?.stream.getTracks() ?? []) track.stop();
}

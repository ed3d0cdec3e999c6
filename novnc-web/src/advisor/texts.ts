import type { Table } from "../common/language.ts";
import type { Wish } from "../common/rights.ts";
import type { Share } from "../common/shares.ts";
import type { Phase, ViewerDoor } from "./api.ts";
import type { ControlEvent } from "./control.ts";
import type { ShowPhase } from "./show.ts";
import type { Quality } from "./view.ts";
import { de } from "./texts_de.ts";
import { en } from "./texts_en.ts";

export interface Texts {
  title: string;
  language: string;
  signIn: {
    heading: string;
    intro: string;
    name: string;
    password: string;
    submit: string;
    busy: string;
    wrong: string;
    tooMany: (seconds: number) => string;
    network: string;
    other: (message: string) => string;
    ended: string;
  };
  signOut: string;
  sessions: {
    heading: string;
    none: string;
    fresh: string;
    freshHint: string;
    elsewhere: string;
    end: string;
    close: string;
    failed: (message: string) => string;
    limit: string;
    network: string;
    /** A link asks for a session. */
    takeUp: (number: string) => { question: string; meaning: string; yes: string; no: string };
    phase: Record<Phase, string>;
  };
  waiting: {
    heading: string;
    read: string;
    copyNumber: string;
    copyLink: string;
    copied: string;
    notCopied: (what: string) => string;
    link: string;
    linkWarning: string;
    steps: [string, string, string];
    expires: (time: string) => string;
    checking: string;
    /** So many wrong tries of so many. */
    wrong: (tries: number, of: number) => string;
    used: string;
  };
  session: {
    heading: (number: string) => string;
    end: string;
    endQuestion: string;
    endMeaning: string;
    endYes: string;
    endNo: string;
    ended: string;
    reason: (reason: string) => string;
    takeHere: string;
    replaced: string;
  };
  facts: {
    heading: string;
    line: string;
    customer: string;
    direction: string;
    control: string;
    clipboard: string;
    encryption: string;
    lineUp: string;
    lineDown: string;
    customerAway: string;
    customerUnknown: string;
    customerBrowser: string;
    directionNone: string;
    directionCustomer: (share: Share | null) => string;
    directionAdvisor: string;
    paused: string;
    given: (time: string) => string;
    asked: string;
    notGiven: string;
    unknown: string;
    sealed: string;
    compare: (code: string) => string;
    compareHint: string;
    gatewayViewer: string;
    partlyViewer: string;
  };
  answers: Record<"view" | "control" | "deny", string>;
  events: (e: ControlEvent) => string;
  view: {
    see: string;
    seeHint: string;
    opening: string;
    asking: string;
    lost: string;
    waitingForCustomer: string;
    refused: (reason: string) => string;
    again: string;
    close: string;
    turn: string;
    hands: string;
    notice: Record<"hidden" | "shielded", string>;
    browser: string;
    hidden: string;
    label: string;
  };
  show: {
    start: string;
    turn: string;
    stop: string;
    cancel: string;
    dismiss: string;
    phase: Record<Exclude<ShowPhase, "off">, string>;
  };
  tools: {
    label: string;
    askView: string;
    askControl: string;
    giveControl: string;
    askClipboard: string;
    giveClipboard: string;
    asked: Record<Exclude<Wish, "show" | "files">, string>;
    askShare: string;
    fit: string;
    actual: string;
    fullScreen: string;
    leaveFullScreen: string;
    quality: string;
    qualities: Record<Quality, string>;
    keys: string;
    keysNeedControl: string;
  };
  foreign: {
    heading: string;
    meaning: string;
    open: string;
    waiting: string;
    here: string;
    watch: string;
    password: string;
    send: string;
  };
  ownViewer: {
    heading: string;
    meaning: string;
    password: Record<ViewerDoor, string>;
    burnt: string;
    silent: string;
    unusable: string;
    user: string;
    once: string;
    expires: (time: string) => string;
    encrypted: string;
    clear: string;
    file: string;
  };
  clipboard: {
    heading: string;
    toCustomer: string;
    send: string;
    sent: string;
    fromCustomer: string;
    copy: string;
  };
}

export const texts: Table<Texts> = { en, de };

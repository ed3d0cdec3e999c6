import type { Table } from "../common/language.ts";
import type { LineKind, Wish } from "../common/rights.ts";
import type { Share } from "../common/shares.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Texts {
  title: {
    number: string;
    connecting: string;
    joined: string;
    seen: string;
    controlled: string;
    showing: string;
    paused: string;
    away: string;
    ended: string;
  };
  question: Record<Wish | "resume", (who: string) => string>;
  /** The customer himself wishes to share more. */
  questionOwn: string;
  meaning: Record<Wish | "resume", (key: string) => string>;
  /** The program asks in a window of its own. */
  inWindow: string;
  /** A right as a thing that is asked for. */
  wish: Record<Wish, string>;
  silenced: string;
  askAgain: string;
  choose: {
    heading: string;
    meaning: string;
    first: string;
    screen: string;
    screenHint: string;
    monitor: (name: string) => string;
    apps: string;
    appsHint: string;
    powerful: string;
    now: string;
    remove: string;
    other: string;
    more: string;
    apply: string;
    cancel: string;
  };
  shared: (share: Share) => string;
  thumbnail: string;
  show: { label: string; opening: string; stop: string; larger: string };
  questionTitle: string;
  allow: string;
  /** Where a yes does more than that. */
  allowFor: Partial<Record<Wish | "resume", string>>;
  refuse: string;
  never: string;
  seconds: (n: number) => string;
  notArmed: string;
  number: {
    /** Anybody may have written where this leads to. */
    confirm: string;
    confirmLead: string;
    heading: string;
    lead: string;
    label: string;
    gateway: string;
    submit: string;
    trust: string;
    format: string;
    which: string;
    errors: (e: NonNullable<Snapshot["error"]>) => string;
  };
  connecting: string;
  cancel: string;
  with: string;
  line: string;
  /** The weakest line in use. */
  lines: Record<LineKind, string>;
  toGatewayMeans: (gateway: string) => string;
  partlyMeans: string;
  compare: (code: string) => string;
  compareHint: string;
  now: {
    nothing: string;
    allowed: (who: string) => string;
    seen: (who: string, share: Share | null) => string;
    controlled: (who: string, share: Share | null) => string;
    hands: (who: string) => string;
    notice: Record<"hidden" | "shielded", (key: string) => string>;
    clipboard: string;
    paused: string;
    away: string;
    advisor: (who: string) => string;
  };
  viewers: string;
  viewer: (door: string, from: string) => string;
  viewerLines: Record<LineKind, string>;
  takeControl: (key: string) => string;
  takeClipboard: string;
  hide: string;
  pause: string;
  goOn: string;
  end: string;
  actions: string;
  answers: Record<"view" | "control" | "deny", string>;
  ended: string;
  endedCalm: string;
  saveRecord: string;
  reason: (reason: string, message: string) => string;
  gone: string;
  stranger: string;
  strangerHint: string;
  loading: string;
}

function partEn(share: Share | null): string {
  if (!share || share.kind === "screen") return "your whole screen";
  return share.kind === "monitor" ? "one of your monitors" : `only ${share.names.join(", ") || "the chosen program"}`;
}

function partDe(share: Share | null): string {
  if (!share || share.kind === "screen") return "Ihren ganzen Bildschirm";
  return share.kind === "monitor" ? "einen Ihrer Monitore" : `nur ${share.names.join(", ") || "das gewählte Programm"}`;
}

const en: Texts = {
  title: {
    number: "Type your number",
    connecting: "Connecting …",
    joined: "Connected, nothing is shared",
    seen: "Your screen is being seen",
    controlled: "Your computer is being CONTROLLED",
    showing: "You see your advisor's screen",
    paused: "Paused",
    away: "Line interrupted",
    ended: "Session over",
  },
  question: {
    view: (who) => `${who} would like to see your screen.`,
    control: (who) => `${who} would like to control your computer.`,
    clipboard: (who) => `${who} would like to use your clipboard.`,
    show: (who) => `${who} would like to show you their own screen.`,
    files: (who) => `${who} would like to exchange files.`,
    share: (who) => `${who} would like to see something else of your screen.`,
    resume: (who) => `Shall ${who} see your screen again?`,
  },
  questionOwn: "Do you want to show this as well?",
  meaning: {
    view: () =>
      "If you allow it, everything on your screen can be seen. Nobody can click or type for you. Please close what is private before you answer.",
    control: (key) =>
      "If you allow it, your advisor can move the mouse and type on your computer. " +
      (key ? `You take it back at any time with the key ${key} or here.` : "You take it back here at any time."),
    clipboard: () => "If you allow it, text that you copy can be read by your advisor, who can also give you text to paste.",
    show: () => "If you allow it, you see your advisor's screen here. Nothing of yours is shown; if it was, that ends.",
    files: () => "This version does not exchange files.",
    share: () => "If you allow it, more of your screen can be seen.",
    resume: () => "At the moment nothing can be seen.",
  },
  inWindow: "Please answer in the window that has opened on your screen. Here you can only refuse.",
  wish: {
    view: "seeing your screen",
    control: "controlling your computer",
    clipboard: "using your clipboard",
    show: "showing you a screen",
    files: "exchanging files",
    share: "seeing something else",
  },
  silenced: "You are not asked any more about",
  askAgain: "Ask me again",
  choose: {
    heading: "What may be seen?",
    meaning: "Only what you choose here can be seen. Everything else stays covered, and nobody can click or type for you.",
    first: "Please choose first what may be seen.",
    screen: "My whole screen",
    screenHint: "Everything can be seen, also messages that pop up.",
    monitor: (name) => `Only one monitor: ${name}`,
    apps: "Only certain programs",
    appsHint: "The safest choice: everything else stays hidden.",
    powerful: "Can do everything on this computer",
    now: "What is visible now",
    remove: "Stop showing",
    other: "Show something else …",
    more: "You can show less at once. Before more is shown you are asked again.",
    apply: "Show this",
    cancel: "Leave it as it is",
  },
  shared: (s) =>
    s.kind === "screen"
      ? "Your whole screen."
      : s.kind === "monitor"
        ? ["One monitor", ...s.names].join(": ") + "."
        : `Only ${s.names.join(", ") || "the chosen program"}.`,
  thumbnail: "What your advisor sees at this moment",
  show: {
    label: "Your advisor's screen",
    opening: "The picture is coming …",
    stop: "Stop looking",
    larger: "Larger",
  },
  questionTitle: "Question",
  allow: "Allow",
  allowFor: {},
  refuse: "Refuse",
  never: "Refuse, and never ask again",
  seconds: (n) => (n === 1 ? "Without an answer it is refused in 1 second." : `Without an answer it is refused in ${n} seconds.`),
  notArmed: "One moment …",
  number: {
    confirm: "Do you want to connect?",
    confirmLead: "A link or a file name says where to. Only connect if you know the name below.",
    heading: "Please type your session number",
    lead: "Your advisor tells you the number on the telephone. Nothing is shared yet.",
    label: "Session number",
    gateway: "You connect to",
    submit: "Connect",
    trust: "Only type a number from somebody whom you have called yourself, or whose call you expected.",
    which:
      "This program does not know yet where to connect to. Type the number, an @ and the name that your advisor tells you: 482 193 057@support.example.com",
    format: "A session number has nine digits. Please compare it with your advisor.",
    errors: ({ code, message, retryAfter }) =>
      ({
        number:
          "This number is wrong, no longer valid, or already in use. Please compare it with your advisor. If it is right, ask for a new number.",
        busy: "This number is already in use. If that was not you, tell your advisor at once and ask for a new number.",
        rate: `There were too many tries. Please wait ${retryAfter} seconds.`,
        gateway: `The gateway cannot be reached. Please check your Internet connection. (${message})`,
        format: "A session number has nine digits. Please compare it with your advisor.",
        lost: "The session could not be taken up again. Please ask your advisor for a new number.",
        where: `Nothing was connected. (${message})`,
        source: `The name that came with this program cannot be used, so nothing was connected. (${message})`,
      })[code] ?? message,
  },
  connecting: "Connecting …",
  cancel: "Stop",
  with: "You are connected with",
  line: "Line",
  lines: {
    sealed: "encrypted end to end",
    partly: "encrypted to your advisor's computer, not beyond it",
    gateway: "encrypted to the gateway",
  },
  partlyMeans: "From there your advisor passes the picture on to another computer, without encryption.",
  toGatewayMeans: (gateway) => `Whoever runs ${gateway} could look too: your advisor uses a viewer without our encryption.`,
  compare: (c) => `Compare code: ${c}`,
  compareHint: "Your advisor can read you the same four digits.",
  now: {
    nothing: "Nothing is shared.",
    allowed: (who) => `${who} may see your screen. At the moment nobody is looking.`,
    seen: (who, share) => `${who} can see ${partEn(share)}.`,
    controlled: (who, share) => `${who} can see ${partEn(share)} and control your computer.`,
    hands: (who) => `You are using mouse or keyboard yourself. Meanwhile ${who} can do nothing.`,
    notice: {
      hidden: () => "Windows hides this question from your advisor. Please answer it yourself.",
      shielded: (key) =>
        "A program with more rights is in front. Meanwhile your advisor can neither type nor click" +
        (key ? `, and the key ${key} is not noticed. What you do here counts.` : "."),
    },
    clipboard: "The clipboard is shared too.",
    paused: "Paused: nothing can be seen.",
    away: "The line is interrupted. Nothing can be seen. Trying to come back …",
    advisor: (who) => `You see the screen of ${who}.`,
  },
  viewers: "Who is looking",
  viewer: (door, from) =>
    ({
      page: "Web page",
      helper: "Advisor's program",
      vnc: "VNC viewer",
      repeater: "VNC viewer (repeater)",
      websockify: "VNC viewer (browser)",
    })[door] + ` from ${from}`,
  viewerLines: {
    sealed: "encrypted end to end",
    partly: "encrypted to your advisor's computer, not beyond it",
    gateway: "encrypted to the gateway",
  },
  takeControl: (key) => (key ? `Take control back (${key})` : "Take control back"),
  takeClipboard: "Take the clipboard back",
  hide: "Hide my screen",
  pause: "Pause",
  goOn: "Go on",
  end: "End session",
  actions: "What you can do",
  answers: {
    view: "Attention: this program answers by itself. Everybody with the session number may see the screen without being asked.",
    control:
      "Attention: this program answers by itself. Everybody with the session number may see and control this computer without being asked.",
    deny: "This program answers by itself: it refuses every question.",
  },
  ended: "The session is over",
  endedCalm: "Nothing of this program is left running. You may close this page.",
  saveRecord: "Save the record of this session",
  reason: (reason, message) =>
    ({
      customer: "You ended it.",
      advisor: "Your advisor ended it.",
      expired: "The number has expired.",
      burnt:
        "Somebody tried your number with wrong last digits. For safety it is not used any more. Ask your advisor for a new one.",
      lost: "The connection was lost and did not come back.",
      shutdown: "The gateway was shut down.",
      error: message ? `An error occurred: ${message}` : "An error occurred.",
    })[reason] ?? "",
  gone: "The program has ended",
  stranger: "This page belongs to another run of the program",
  strangerHint: "Please start the program again. It then opens the right page by itself.",
  loading: "One moment …",
};

const de: Texts = {
  title: {
    number: "Nummer eingeben",
    connecting: "Verbindung wird aufgebaut …",
    joined: "Verbunden, nichts wird gezeigt",
    seen: "Ihr Bildschirm wird gesehen",
    controlled: "Ihr Computer wird GESTEUERT",
    showing: "Sie sehen den Bildschirm Ihres Beraters",
    paused: "Angehalten",
    away: "Leitung unterbrochen",
    ended: "Sitzung beendet",
  },
  question: {
    view: (who) => `${who} möchte Ihren Bildschirm sehen.`,
    control: (who) => `${who} möchte Ihren Computer steuern.`,
    clipboard: (who) => `${who} möchte Ihre Zwischenablage benutzen.`,
    show: (who) => `${who} möchte Ihnen den eigenen Bildschirm zeigen.`,
    files: (who) => `${who} möchte Dateien austauschen.`,
    share: (who) => `${who} möchte etwas anderes von Ihrem Bildschirm sehen.`,
    resume: (who) => `Soll ${who} Ihren Bildschirm wieder sehen?`,
  },
  questionOwn: "Möchten Sie auch das zeigen?",
  meaning: {
    view: () =>
      "Wenn Sie es erlauben, ist alles auf Ihrem Bildschirm zu sehen. Niemand kann für Sie klicken oder tippen. Bitte schließen Sie vorher, was privat ist.",
    control: (key) =>
      "Wenn Sie es erlauben, kann Ihr Berater die Maus bewegen und auf Ihrem Computer tippen. " +
      (key ? `Sie nehmen das jederzeit mit der Taste ${key} oder hier zurück.` : "Sie nehmen das hier jederzeit zurück."),
    clipboard: () => "Wenn Sie es erlauben, kann Ihr Berater Text lesen, den Sie kopieren, und Ihnen Text zum Einfügen geben.",
    show: () =>
      "Wenn Sie es erlauben, sehen Sie hier den Bildschirm Ihres Beraters. Von Ihrem wird nichts gezeigt; war er zu sehen, endet das.",
    files: () => "Diese Version tauscht keine Dateien aus.",
    share: () => "Wenn Sie es erlauben, ist mehr von Ihrem Bildschirm zu sehen.",
    resume: () => "Im Moment ist nichts zu sehen.",
  },
  inWindow: "Bitte antworten Sie in dem Fenster, das sich auf Ihrem Bildschirm geöffnet hat. Hier können Sie nur ablehnen.",
  wish: {
    view: "Ihren Bildschirm sehen",
    control: "Ihren Computer steuern",
    clipboard: "Ihre Zwischenablage benutzen",
    show: "Ihnen einen Bildschirm zeigen",
    files: "Dateien austauschen",
    share: "etwas anderes sehen",
  },
  silenced: "Danach werden Sie nicht mehr gefragt",
  askAgain: "Wieder fragen",
  choose: {
    heading: "Was darf zu sehen sein?",
    meaning: "Nur was Sie hier wählen, ist zu sehen. Alles andere bleibt verdeckt, und niemand kann für Sie klicken oder tippen.",
    first: "Bitte wählen Sie zuerst, was zu sehen sein darf.",
    screen: "Meinen ganzen Bildschirm",
    screenHint: "Alles ist zu sehen, auch Meldungen, die erscheinen.",
    monitor: (name) => `Nur ein Monitor: ${name}`,
    apps: "Nur bestimmte Programme",
    appsHint: "Die sicherste Wahl: Alles andere bleibt verborgen.",
    powerful: "Kann alles auf diesem Computer",
    now: "Das ist jetzt zu sehen",
    remove: "Nicht mehr zeigen",
    other: "Etwas anderes zeigen …",
    more: "Weniger zeigen können Sie sofort. Bevor mehr zu sehen ist, werden Sie noch einmal gefragt.",
    apply: "Das zeigen",
    cancel: "So lassen",
  },
  shared: (s) =>
    s.kind === "screen"
      ? "Ihr ganzer Bildschirm."
      : s.kind === "monitor"
        ? ["Ein Monitor", ...s.names].join(": ") + "."
        : `Nur ${s.names.join(", ") || "das gewählte Programm"}.`,
  thumbnail: "Was Ihr Berater in diesem Moment sieht",
  show: {
    label: "Bildschirm Ihres Beraters",
    opening: "Das Bild kommt gleich …",
    stop: "Nicht mehr ansehen",
    larger: "Größer",
  },
  questionTitle: "Frage",
  allow: "Erlauben",
  allowFor: {},
  refuse: "Ablehnen",
  never: "Ablehnen und nie mehr fragen",
  seconds: (n) => (n === 1 ? "Ohne Antwort wird in 1 Sekunde abgelehnt." : `Ohne Antwort wird in ${n} Sekunden abgelehnt.`),
  notArmed: "Einen Moment …",
  number: {
    confirm: "Möchten Sie sich verbinden?",
    confirmLead: "Wohin, sagt ein Link oder ein Dateiname. Verbinden Sie sich nur, wenn Sie den Namen unten kennen.",
    heading: "Bitte geben Sie Ihre Sitzungsnummer ein",
    lead: "Ihr Berater nennt Ihnen die Nummer am Telefon. Noch wird nichts gezeigt.",
    label: "Sitzungsnummer",
    gateway: "Sie verbinden sich mit",
    submit: "Verbinden",
    trust: "Geben Sie nur eine Nummer von jemandem ein, den Sie selbst angerufen haben oder dessen Anruf Sie erwartet haben.",
    which:
      "Dieses Programm weiß noch nicht, wohin es sich verbinden soll. Geben Sie die Nummer ein, dann ein @ und den Namen, den Ihr Berater Ihnen nennt: 482 193 057@support.example.com",
    format: "Eine Sitzungsnummer hat neun Ziffern. Bitte vergleichen Sie sie mit Ihrem Berater.",
    errors: ({ code, message, retryAfter }) =>
      ({
        number:
          "Diese Nummer ist falsch, nicht mehr gültig oder wird schon benutzt. Bitte vergleichen Sie sie mit Ihrem Berater. Wenn sie stimmt, lassen Sie sich eine neue geben.",
        busy: "Diese Nummer wird schon benutzt. Wenn Sie das nicht waren, sagen Sie es gleich Ihrem Berater und lassen Sie sich eine neue Nummer geben.",
        rate: `Es waren zu viele Versuche. Bitte warten Sie ${retryAfter} Sekunden.`,
        gateway: `Das Gateway ist nicht erreichbar. Bitte prüfen Sie Ihre Internetverbindung. (${message})`,
        format: "Eine Sitzungsnummer hat neun Ziffern. Bitte vergleichen Sie sie mit Ihrem Berater.",
        lost: "Die Sitzung konnte nicht fortgesetzt werden. Bitte lassen Sie sich von Ihrem Berater eine neue Nummer geben.",
        where: `Es wurde nichts verbunden: Der Name hinter dem @ fehlt oder ist nicht zu gebrauchen. (${message})`,
        source: `Der Name, den dieses Programm mitbringt, ist nicht zu gebrauchen. Es wurde nichts verbunden. Laden Sie es von der Seite Ihres Beraters noch einmal, oder geben Sie die Nummer mit @ und dem Namen ein. (${message})`,
      })[code] ?? message,
  },
  connecting: "Verbindung wird aufgebaut …",
  cancel: "Abbrechen",
  with: "Sie sind verbunden mit",
  line: "Leitung",
  lines: {
    sealed: "Ende zu Ende verschlüsselt",
    partly: "verschlüsselt bis zum Computer Ihres Beraters, dahinter nicht",
    gateway: "verschlüsselt bis zum Gateway",
  },
  partlyMeans: "Von dort gibt Ihr Berater das Bild unverschlüsselt an einen anderen Computer weiter.",
  toGatewayMeans: (gateway) =>
    `Wer ${gateway} betreibt, könnte mitsehen: Ihr Berater benutzt einen Betrachter ohne unsere Verschlüsselung.`,
  compare: (c) => `Vergleichszahl: ${c}`,
  compareHint: "Ihr Berater kann Ihnen dieselben vier Ziffern vorlesen.",
  now: {
    nothing: "Es wird nichts gezeigt.",
    allowed: (who) => `${who} darf Ihren Bildschirm sehen. Im Moment schaut niemand zu.`,
    seen: (who, share) => `${who} sieht ${partDe(share)}.`,
    controlled: (who, share) => `${who} sieht ${partDe(share)} und steuert Ihren Computer.`,
    hands: (who) => `Sie benutzen gerade selbst Maus oder Tastatur. So lange kann ${who} nichts tun.`,
    notice: {
      hidden: () => "Windows verdeckt diese Frage vor Ihrem Berater. Bitte beantworten Sie sie selbst.",
      shielded: (key) =>
        "Ein Programm mit mehr Rechten ist im Vordergrund. So lange kann Ihr Berater weder tippen noch klicken" +
        (key ? `, und die Taste ${key} wird nicht bemerkt. Was Sie hier tun, gilt.` : "."),
    },
    clipboard: "Auch die Zwischenablage ist freigegeben.",
    paused: "Angehalten: Es ist nichts zu sehen.",
    away: "Die Leitung ist unterbrochen. Es ist nichts zu sehen. Neuer Versuch …",
    advisor: (who) => `Sie sehen den Bildschirm von ${who}.`,
  },
  viewers: "Wer zuschaut",
  viewer: (door, from) =>
    ({
      page: "Webseite",
      helper: "Programm des Beraters",
      vnc: "VNC-Betrachter",
      repeater: "VNC-Betrachter (Repeater)",
      websockify: "VNC-Betrachter (Browser)",
    })[door] + ` von ${from}`,
  viewerLines: {
    sealed: "Ende zu Ende verschlüsselt",
    partly: "verschlüsselt bis zum Computer Ihres Beraters, dahinter nicht",
    gateway: "verschlüsselt bis zum Gateway",
  },
  takeControl: (key) => (key ? `Steuerung zurücknehmen (${key})` : "Steuerung zurücknehmen"),
  takeClipboard: "Zwischenablage zurücknehmen",
  hide: "Bildschirm verbergen",
  pause: "Anhalten",
  goOn: "Weiter",
  end: "Sitzung beenden",
  actions: "Was Sie tun können",
  answers: {
    view: "Achtung: Dieses Programm antwortet selbst. Jeder mit der Sitzungsnummer darf den Bildschirm sehen, ohne dass gefragt wird.",
    control:
      "Achtung: Dieses Programm antwortet selbst. Jeder mit der Sitzungsnummer darf diesen Computer sehen und steuern, ohne dass gefragt wird.",
    deny: "Dieses Programm antwortet selbst: Es lehnt jede Frage ab.",
  },
  ended: "Die Sitzung ist beendet",
  endedCalm: "Von diesem Programm läuft nichts mehr. Sie können diese Seite schließen.",
  saveRecord: "Protokoll dieser Sitzung speichern",
  reason: (reason, message) =>
    ({
      customer: "Sie haben sie beendet.",
      advisor: "Ihr Berater hat sie beendet.",
      expired: "Die Nummer ist abgelaufen.",
      burnt:
        "Jemand hat Ihre Nummer mit falschen letzten Ziffern probiert. Zur Sicherheit wird sie nicht mehr benutzt. Bitten Sie Ihren Berater um eine neue.",
      lost: "Die Verbindung ging verloren und kam nicht zurück.",
      shutdown: "Das Gateway wurde beendet.",
      error: message ? `Ein Fehler ist aufgetreten: ${message}` : "Ein Fehler ist aufgetreten.",
    })[reason] ?? "",
  gone: "Das Programm ist beendet",
  stranger: "Diese Seite gehört zu einem anderen Lauf des Programms",
  strangerHint: "Bitte starten Sie das Programm neu. Es öffnet dann von selbst die richtige Seite.",
  loading: "Einen Moment …",
};

export const texts: Table<Texts> = { en, de };

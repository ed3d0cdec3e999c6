import type { Table } from "../common/language.ts";
import type { Wish } from "../common/rights.ts";
import type { Share } from "../common/shares.ts";
import type { Phase, ViewerDoor } from "./api.ts";
import type { ControlEvent } from "./control.ts";
import type { ShowPhase } from "./show.ts";
import type { Quality } from "./view.ts";

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
    wrong: (left: number) => string;
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

const rightsEn: Record<Wish, string> = {
  view: "the view",
  control: "control",
  clipboard: "the clipboard",
  show: "seeing your screen",
  files: "files",
  share: "another part of the screen",
};
const rightsDe: Record<Wish, string> = {
  view: "die Ansicht",
  control: "die Steuerung",
  clipboard: "die Zwischenablage",
  show: "den Blick auf Ihren Bildschirm",
  files: "Dateien",
  share: "eine andere Freigabe",
};

const en: Texts = {
  title: "Advisor",
  language: "Language",
  signIn: {
    heading: "Sign in",
    intro: "For advisors. Customers need no account.",
    name: "Name",
    password: "Password",
    submit: "Sign in",
    busy: "Signing in …",
    wrong: "The name or the password is wrong.",
    tooMany: (s) => `Too many wrong tries. Please wait ${s} seconds.`,
    network: "The gateway cannot be reached. Please check your connection.",
    other: (m) => `That did not work: ${m}`,
    ended: "Your sign-in has ended. Please sign in again.",
  },
  signOut: "Sign out",
  sessions: {
    heading: "My sessions",
    none: "No session is open.",
    fresh: "New session",
    freshHint: "Make a session number and read it to your customer on the telephone.",
    elsewhere: "opened elsewhere",
    end: "End",
    close: "Remove from the list",
    failed: (m) => `That did not work: ${m}`,
    limit: "You have too many open sessions. Please end some first.",
    network: "The gateway cannot be reached at the moment.",
    phase: { waiting: "waiting for the customer", joined: "customer is here", away: "customer's line is lost", ended: "ended" },
  },
  waiting: {
    heading: "Session number",
    read: "Read this number to your customer on the telephone.",
    copyNumber: "Copy number",
    copyLink: "Copy invitation link",
    copied: "Copied.",
    notCopied: (what) => `The browser did not allow copying. Please copy by hand: ${what}`,
    link: "Invitation link",
    linkWarning:
      "Whoever has the number can take your customer's place. Say it on the telephone, or send the link only in a way you trust.",
    steps: [
      "The customer opens this gateway's page and starts the small program.",
      "He types the number. You then see each other's names.",
      "Nothing is shared until he allows it.",
    ],
    expires: (t) => `The number is valid until ${t}.`,
    checking: "Somebody is entering the number …",
    wrong: (left) =>
      left === 1
        ? "A wrong number was entered. One more wrong try makes this number invalid."
        : `A wrong number was entered. ${left} more wrong tries make this number invalid.`,
  },
  session: {
    heading: (n) => `Session ${n}`,
    end: "End session",
    endQuestion: "End this session?",
    endMeaning: "It ends for you and for the customer at once. Nothing of it keeps running.",
    endYes: "End session",
    endNo: "Go on",
    ended: "This session is over",
    reason: (r) =>
      ({
        advisor: "You ended it.",
        customer: "The customer ended it.",
        expired: "The number has expired. Please make a new one.",
        burnt: "A wrong number was entered three times. For safety this number is not used any more. Please make a new one.",
        lost: "The connection was lost and did not come back.",
        shutdown: "The gateway was shut down.",
      })[r] ?? "It was ended.",
    takeHere: "Go on here",
    replaced: "This session is now open in another window of yours.",
  },
  facts: {
    heading: "State of the session",
    line: "Line",
    customer: "Customer",
    direction: "Shown now",
    control: "Control",
    clipboard: "Clipboard",
    encryption: "Encryption",
    lineUp: "connected",
    lineDown: "interrupted, coming back …",
    customerAway: "the customer's line is interrupted; waiting for it …",
    customerUnknown: "not here yet",
    customerBrowser: "in his browser",
    directionNone: "nobody's screen",
    directionCustomer: (s) =>
      !s
        ? "the customer's screen"
        : s.kind === "screen"
          ? "the customer's whole screen"
          : s.kind === "monitor"
            ? ["one monitor of the customer", ...s.names].join(": ")
            : `only ${s.names.join(", ") || "one application"}`,
    directionAdvisor: "your screen",
    paused: "paused by the customer",
    given: (t) => `given since ${t}`,
    asked: "the customer is being asked …",
    notGiven: "not given",
    unknown: "not known at the moment",
    sealed: "end to end",
    compare: (c) => `compare code ${c}`,
    compareHint: "The customer sees the same four digits.",
    gatewayViewer: "Another viewer of this session is only encrypted to the gateway.",
  },
  answers: {
    view: "Attention: the customer's program answers by itself. Viewing is allowed without anybody being asked, everything else is refused.",
    control: "Attention: the customer's program answers by itself. Everything is allowed without anybody being asked.",
    deny: "Attention: the customer's program answers by itself. It refuses every question.",
  },
  events: ({ event, right, by }) => {
    const what = rightsEn[right];
    if (right === "show" && event === "returned") return "You have stopped showing your screen.";
    if (right === "show" && event === "taken") return "Your screen is not shown any more.";
    switch (event) {
      case "given":
        return by === "auto" ? `The customer's program allowed ${what} by itself.` : `The customer allowed ${what}.`;
      case "refused":
        return by === "auto" ? `The customer's program refused ${what} by itself.` : `The customer refused ${what}.`;
      case "timeout":
        return `The customer did not answer in time: ${what} is not given.`;
      case "taken":
        return by === "key" ? `The customer took ${what} back with F12.` : `The customer took ${what} back.`;
      case "returned":
        return `You gave ${what} back.`;
    }
  },
  view: {
    see: "See the customer's screen",
    seeHint: "The customer is asked first.",
    opening: "Opening an encrypted line …",
    asking: "The customer is being asked. Please wait.",
    lost: "The picture's line was lost. Trying again …",
    waitingForCustomer: "The customer's line is interrupted. The picture comes back when he does.",
    refused: (r) => r || "The customer did not allow it.",
    again: "Ask again",
    close: "Stop viewing",
    turn: "See the customer's screen instead",
    hands: "The customer is using mouse or keyboard. Your input waits.",
    notice: {
      hidden:
        "The customer's system hides what it shows now: only the customer can see and answer it. Please say so on the telephone.",
      shielded: "A program with more rights is in front at the customer's. Meanwhile your keys and clicks do nothing.",
    },
    browser: "The customer shares from his browser: you can watch. For control he needs the program from this gateway's page.",
    hidden: "The customer has hidden the screen.",
    label: "The customer's screen",
  },
  show: {
    start: "Show my screen",
    turn: "Show my screen",
    stop: "Stop",
    cancel: "Cancel",
    dismiss: "Close",
    phase: {
      choosing: "Choose in your browser what to show. Nothing is shown yet.",
      opening: "Opening an encrypted line …",
      asking: "The customer is being asked whether he wants to see your screen. Please wait.",
      shown: "You are showing your screen",
      refused: "The customer did not want to see your screen. Nothing of it was shown.",
      ended: "Your screen is not shown any more.",
      failed: "Your screen could not be shown. Please try again.",
    },
  },
  tools: {
    label: "Tools",
    askView: "Ask for the screen",
    askControl: "Ask for control",
    giveControl: "Give control back",
    askClipboard: "Ask for the clipboard",
    giveClipboard: "Give the clipboard back",
    asked: {
      view: "Screen: being asked …",
      control: "Control: being asked …",
      clipboard: "Clipboard: being asked …",
      share: "To see more: being asked …",
    },
    askShare: "Ask to see more",
    fit: "Fit",
    actual: "100 %",
    fullScreen: "Full screen",
    leaveFullScreen: "Leave full screen",
    quality: "Quality",
    qualities: { sharp: "sharp", balanced: "balanced", sparing: "slow line" },
    keys: "Send keys",
    keysNeedControl: "Keys can be sent when you have control.",
  },
  foreign: {
    heading: "A VNC server instead of our program",
    meaning:
      "Such a server's picture is encrypted between you and the gateway at most, not to the customer. Nobody is asked by us: what you may see and do is decided by that server.",
    open: "Use this number for a VNC server",
    waiting: "The number is open for a VNC server. Start it at the customer's with this command, or one like it:",
    here: "The VNC server is connected.",
    watch: "Show its screen",
    password: "The server asks for its password",
    send: "Send",
  },
  ownViewer: {
    heading: "Use your own VNC viewer",
    meaning:
      "A VNC viewer cannot encrypt as far as the customer. For it the customer's program gives out a number of its own, with which the gateway lets this one viewer in and encrypts for it; the customer is told so. What that viewer shows, the gateway can see too.",
    password: { vnc: "Password for one VNC viewer", repeater: "Password for one repeater viewer" },
    burnt: "A viewer's number was tried wrongly three times and is not used any more. Make a new password. The session goes on.",
    silent: "the customer's program does not answer; an older one cannot let such viewers in",
    unusable: "the customer's program gave a number that cannot be used",
    user: "User name",
    once: "Password",
    expires: (t) => `Good for one viewer, until ${t}.`,
    encrypted: "TigerVNC and other viewers with X509Plain; encrypted to the gateway:",
    clear: "UltraVNC and other viewers with a repeater setting; NOT encrypted to the gateway:",
    file: "Settings file for TigerVNC",
  },
  clipboard: {
    heading: "Clipboard",
    toCustomer: "Text for the customer",
    send: "Put into the customer's clipboard",
    sent: "Sent.",
    fromCustomer: "Text from the customer's clipboard",
    copy: "Copy to mine",
  },
};

const de: Texts = {
  title: "Berater",
  language: "Sprache",
  signIn: {
    heading: "Anmelden",
    intro: "Für Berater. Kunden brauchen kein Konto.",
    name: "Name",
    password: "Passwort",
    submit: "Anmelden",
    busy: "Anmeldung läuft …",
    wrong: "Der Name oder das Passwort ist falsch.",
    tooMany: (s) => `Zu viele falsche Versuche. Bitte warten Sie ${s} Sekunden.`,
    network: "Das Gateway ist nicht erreichbar. Bitte prüfen Sie Ihre Verbindung.",
    other: (m) => `Das hat nicht geklappt: ${m}`,
    ended: "Ihre Anmeldung ist abgelaufen. Bitte melden Sie sich neu an.",
  },
  signOut: "Abmelden",
  sessions: {
    heading: "Meine Sitzungen",
    none: "Keine Sitzung ist offen.",
    fresh: "Neue Sitzung",
    freshHint: "Erzeugen Sie eine Sitzungsnummer und lesen Sie sie Ihrem Kunden am Telefon vor.",
    elsewhere: "anderswo geöffnet",
    end: "Beenden",
    close: "Aus der Liste entfernen",
    failed: (m) => `Das hat nicht geklappt: ${m}`,
    limit: "Sie haben zu viele offene Sitzungen. Bitte beenden Sie zuerst einige.",
    network: "Das Gateway ist im Moment nicht erreichbar.",
    phase: {
      waiting: "wartet auf den Kunden",
      joined: "Kunde ist da",
      away: "Leitung zum Kunden unterbrochen",
      ended: "beendet",
    },
  },
  waiting: {
    heading: "Sitzungsnummer",
    read: "Lesen Sie Ihrem Kunden diese Nummer am Telefon vor.",
    copyNumber: "Nummer kopieren",
    copyLink: "Einladungslink kopieren",
    copied: "Kopiert.",
    notCopied: (what) => `Der Browser hat das Kopieren nicht erlaubt. Bitte kopieren Sie von Hand: ${what}`,
    link: "Einladungslink",
    linkWarning:
      "Wer die Nummer hat, kann den Platz Ihres Kunden einnehmen. Nennen Sie sie am Telefon, oder senden Sie den Link nur auf einem Weg, dem Sie vertrauen.",
    steps: [
      "Der Kunde öffnet die Seite dieses Gateways und startet das kleine Programm.",
      "Er gibt die Nummer ein. Dann sehen Sie gegenseitig Ihre Namen.",
      "Nichts wird gezeigt, bevor er es erlaubt.",
    ],
    expires: (t) => `Die Nummer gilt bis ${t}.`,
    checking: "Jemand gibt gerade die Nummer ein …",
    wrong: (left) =>
      left === 1
        ? "Es wurde eine falsche Nummer eingegeben. Nach einem weiteren falschen Versuch wird diese Nummer ungültig."
        : `Es wurde eine falsche Nummer eingegeben. Nach ${left} weiteren falschen Versuchen wird diese Nummer ungültig.`,
  },
  session: {
    heading: (n) => `Sitzung ${n}`,
    end: "Sitzung beenden",
    endQuestion: "Diese Sitzung beenden?",
    endMeaning: "Sie endet sofort für Sie und für den Kunden. Danach läuft nichts mehr davon weiter.",
    endYes: "Sitzung beenden",
    endNo: "Weitermachen",
    ended: "Diese Sitzung ist beendet",
    reason: (r) =>
      ({
        advisor: "Sie haben sie beendet.",
        customer: "Der Kunde hat sie beendet.",
        expired: "Die Nummer ist abgelaufen. Bitte erzeugen Sie eine neue.",
        burnt:
          "Dreimal wurde eine falsche Nummer eingegeben. Zur Sicherheit wird diese Nummer nicht mehr benutzt. Bitte erzeugen Sie eine neue.",
        lost: "Die Verbindung ging verloren und kam nicht zurück.",
        shutdown: "Das Gateway wurde beendet.",
      })[r] ?? "Sie wurde beendet.",
    takeHere: "Hier weitermachen",
    replaced: "Diese Sitzung ist jetzt in einem anderen Fenster von Ihnen geöffnet.",
  },
  facts: {
    heading: "Stand der Sitzung",
    line: "Leitung",
    customer: "Kunde",
    direction: "Blickrichtung",
    control: "Steuerung",
    clipboard: "Zwischenablage",
    encryption: "Verschlüsselung",
    lineUp: "verbunden",
    lineDown: "unterbrochen, neuer Versuch …",
    customerAway: "Leitung zum Kunden unterbrochen; es wird gewartet …",
    customerUnknown: "noch nicht da",
    customerBrowser: "in seinem Browser",
    directionNone: "niemandes Bildschirm",
    directionCustomer: (s) =>
      !s
        ? "Bildschirm des Kunden"
        : s.kind === "screen"
          ? "ganzer Bildschirm des Kunden"
          : s.kind === "monitor"
            ? ["ein Monitor des Kunden", ...s.names].join(": ")
            : `nur ${s.names.join(", ") || "eine Anwendung"}`,
    directionAdvisor: "Ihr Bildschirm",
    paused: "vom Kunden angehalten",
    given: (t) => `erlaubt seit ${t}`,
    asked: "der Kunde wird gefragt …",
    notGiven: "nicht erlaubt",
    unknown: "im Moment nicht bekannt",
    sealed: "Ende zu Ende",
    compare: (c) => `Vergleichszahl ${c}`,
    compareHint: "Der Kunde sieht dieselben vier Ziffern.",
    gatewayViewer: "Ein anderer Betrachter dieser Sitzung ist nur bis zum Gateway verschlüsselt.",
  },
  answers: {
    view: "Achtung: Das Programm des Kunden antwortet selbst. Zuschauen ist erlaubt, ohne dass jemand gefragt wird; alles andere wird abgelehnt.",
    control: "Achtung: Das Programm des Kunden antwortet selbst. Alles ist erlaubt, ohne dass jemand gefragt wird.",
    deny: "Achtung: Das Programm des Kunden antwortet selbst. Es lehnt jede Frage ab.",
  },
  events: ({ event, right, by }) => {
    const what = rightsDe[right];
    if (right === "show" && event === "returned") return "Sie zeigen Ihren Bildschirm nicht mehr.";
    if (right === "show" && event === "taken") return "Ihr Bildschirm wird nicht mehr gezeigt.";
    switch (event) {
      case "given":
        return by === "auto" ? `Das Programm des Kunden hat ${what} selbst erlaubt.` : `Der Kunde hat ${what} erlaubt.`;
      case "refused":
        return by === "auto" ? `Das Programm des Kunden hat ${what} selbst abgelehnt.` : `Der Kunde hat ${what} abgelehnt.`;
      case "timeout":
        return `Der Kunde hat nicht rechtzeitig geantwortet: ${what} gibt es nicht.`;
      case "taken":
        return by === "key" ? `Der Kunde hat ${what} mit F12 zurückgenommen.` : `Der Kunde hat ${what} zurückgenommen.`;
      case "returned":
        return `Sie haben ${what} zurückgegeben.`;
    }
  },
  view: {
    see: "Bildschirm des Kunden sehen",
    seeHint: "Der Kunde wird vorher gefragt.",
    opening: "Eine verschlüsselte Leitung wird geöffnet …",
    asking: "Der Kunde wird gefragt. Bitte warten Sie.",
    lost: "Die Leitung für das Bild ging verloren. Neuer Versuch …",
    waitingForCustomer: "Die Leitung zum Kunden ist unterbrochen. Das Bild kommt zurück, sobald er wieder da ist.",
    refused: (r) => r || "Der Kunde hat es nicht erlaubt.",
    again: "Noch einmal fragen",
    close: "Zuschauen beenden",
    turn: "Stattdessen Bildschirm des Kunden sehen",
    hands: "Der Kunde benutzt gerade selbst Maus oder Tastatur. Ihre Eingaben warten.",
    notice: {
      hidden:
        "Das System des Kunden verdeckt, was es jetzt zeigt: Nur der Kunde kann es sehen und beantworten. Bitte sagen Sie es ihm am Telefon.",
      shielded: "Beim Kunden ist ein Programm mit mehr Rechten im Vordergrund. So lange bewirken Ihre Tasten und Klicks nichts.",
    },
    browser:
      "Der Kunde zeigt aus seinem Browser: Sie können zusehen. Zum Steuern braucht er das Programm von der Seite dieses Gateways.",
    hidden: "Der Kunde hat seinen Bildschirm verborgen.",
    label: "Bildschirm des Kunden",
  },
  show: {
    start: "Meinen Bildschirm zeigen",
    turn: "Meinen Bildschirm zeigen",
    stop: "Beenden",
    cancel: "Abbrechen",
    dismiss: "Schließen",
    phase: {
      choosing: "Wählen Sie im Browser, was Sie zeigen möchten. Noch wird nichts gezeigt.",
      opening: "Eine verschlüsselte Leitung wird geöffnet …",
      asking: "Der Kunde wird gefragt, ob er Ihren Bildschirm sehen möchte. Bitte warten Sie.",
      shown: "Sie zeigen Ihren Bildschirm",
      refused: "Der Kunde wollte Ihren Bildschirm nicht sehen. Es wurde nichts davon gezeigt.",
      ended: "Ihr Bildschirm wird nicht mehr gezeigt.",
      failed: "Ihr Bildschirm konnte nicht gezeigt werden. Bitte versuchen Sie es noch einmal.",
    },
  },
  tools: {
    label: "Werkzeuge",
    askView: "Um den Bildschirm bitten",
    askControl: "Um Steuerung bitten",
    giveControl: "Steuerung zurückgeben",
    askClipboard: "Um Zwischenablage bitten",
    giveClipboard: "Zwischenablage zurückgeben",
    asked: {
      view: "Bildschirm: wird gefragt …",
      control: "Steuerung: wird gefragt …",
      clipboard: "Zwischenablage: wird gefragt …",
      share: "Mehr Sicht: wird gefragt …",
    },
    askShare: "Um mehr Sicht bitten",
    fit: "Einpassen",
    actual: "100 %",
    fullScreen: "Vollbild",
    leaveFullScreen: "Vollbild verlassen",
    quality: "Qualität",
    qualities: { sharp: "scharf", balanced: "ausgewogen", sparing: "langsame Leitung" },
    keys: "Tasten senden",
    keysNeedControl: "Tasten können Sie senden, wenn Sie die Steuerung haben.",
  },
  foreign: {
    heading: "Ein VNC-Server statt unseres Programms",
    meaning:
      "Das Bild eines solchen Servers ist höchstens zwischen Ihnen und dem Gateway verschlüsselt, nicht bis zum Kunden. Wir fragen niemanden: Was Sie sehen und tun dürfen, entscheidet dieser Server.",
    open: "Diese Nummer für einen VNC-Server benutzen",
    waiting: "Die Nummer ist offen für einen VNC-Server. Beim Kunden so oder ähnlich starten:",
    here: "Der VNC-Server ist verbunden.",
    watch: "Seinen Bildschirm zeigen",
    password: "Der Server fragt nach seinem Passwort",
    send: "Senden",
  },
  ownViewer: {
    heading: "Eigenen VNC-Viewer benutzen",
    meaning:
      "Ein VNC-Viewer kann nicht bis zum Kunden verschlüsseln. Für ihn gibt das Programm des Kunden eine eigene Nummer aus, mit der das Gateway diesen einen Viewer einlässt und für ihn verschlüsselt; der Kunde erfährt das. Was dieser Viewer zeigt, kann auch das Gateway sehen.",
    password: { vnc: "Passwort für einen VNC-Viewer", repeater: "Passwort für einen Repeater-Viewer" },
    burnt:
      "Die Nummer eines Viewers wurde dreimal falsch versucht und gilt nicht mehr. Erzeugen Sie ein neues Passwort. Die Sitzung läuft weiter.",
    silent: "das Programm des Kunden antwortet nicht; ein älteres kann solche Viewer nicht einlassen",
    unusable: "das Programm des Kunden gab eine unbrauchbare Nummer",
    user: "Benutzername",
    once: "Passwort",
    expires: (t) => `Gilt für einen Viewer, bis ${t}.`,
    encrypted: "TigerVNC und andere Viewer mit X509Plain; bis zum Gateway verschlüsselt:",
    clear: "UltraVNC und andere Viewer mit Repeater-Einstellung; bis zum Gateway NICHT verschlüsselt:",
    file: "Einstellungsdatei für TigerVNC",
  },
  clipboard: {
    heading: "Zwischenablage",
    toCustomer: "Text für den Kunden",
    send: "In die Zwischenablage des Kunden legen",
    sent: "Gesendet.",
    fromCustomer: "Text aus der Zwischenablage des Kunden",
    copy: "In meine kopieren",
  },
};

export const texts: Table<Texts> = { en, de };

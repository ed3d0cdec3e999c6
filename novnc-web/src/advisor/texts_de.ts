import type { Wish } from "../common/rights.ts";
import type { Texts } from "./texts.ts";

const rightsDe: Record<Wish, string> = {
  view: "die Ansicht",
  control: "die Steuerung",
  clipboard: "die Zwischenablage",
  show: "den Blick auf Ihren Bildschirm",
  files: "Dateien",
  share: "eine andere Freigabe",
};

export const de: Texts = {
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
    takeUp: (number) => ({
      question: `Sitzung ${number} hier übernehmen?`,
      meaning:
        "Das verlangt ein Link. Sagen Sie nur Ja, wenn Sie diese Sitzung gerade mit einem anderen Ihrer Programme eröffnet haben. Diese Seite tritt dann an dessen Stelle.",
      yes: "Übernehmen",
      no: "Nein",
    }),
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
    linkWarning: "Der Link sagt nur, wohin es geht und wie die Nummer beginnt. Nennen Sie die anderen Ziffern am Telefon.",
    steps: [
      "Der Kunde öffnet die Seite dieses Gateways und startet das kleine Programm.",
      "Er gibt die Nummer ein. Dann sehen Sie gegenseitig Ihre Namen.",
      "Nichts wird gezeigt, bevor er es erlaubt.",
    ],
    expires: (t) => `Die Nummer gilt bis ${t}.`,
    checking: "Jemand gibt gerade die Nummer ein …",
    wrong: (tries, of) =>
      `Jemand hat diese Nummer mit falschen letzten Ziffern eingegeben (${tries} von ${of}). ` +
      (tries === of - 1
        ? "Geschieht das noch einmal, wird diese Nummer nicht mehr benutzt."
        : "War es Ihr Kunde, lesen Sie ihm die Nummer noch einmal vor."),
    used: "Jemand hat diese Nummer noch einmal eingegeben und wurde nicht eingelassen: Ein Kunde hat sie schon benutzt. Ist Ihr Kunde nicht da, beenden Sie diese Sitzung und erzeugen Sie eine neue Nummer.",
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
          "Jemand hat diese Nummer mit falschen letzten Ziffern probiert. Zur Sicherheit wird sie nicht mehr benutzt. Bitte erzeugen Sie eine neue.",
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
    partlyViewer: "Ein anderer Betrachter dieser Sitzung wird unverschlüsselt an einen anderen Computer weitergegeben.",
  },
  answers: {
    view: "Achtung: Das Programm des Kunden antwortet selbst. Zuschauen ist erlaubt, ohne dass jemand gefragt wird; alles andere wird abgelehnt.",
    control: "Achtung: Das Programm des Kunden antwortet selbst. Alles ist erlaubt, ohne dass jemand gefragt wird.",
    deny: "Achtung: Das Programm des Kunden antwortet selbst. Es lehnt jede Frage ab.",
  },
  events: ({ event, right, by, seconds }) => {
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
      case "delayed":
        return `Der Kunde hat ${what} gerade abgelehnt und wird in ${seconds} Sekunden wieder gefragt.`;
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

import type { Table } from "../common/language.ts";

export interface Texts {
  title: string;
  language: string;
  heading: string;
  lead: string;
  stepsHeading: string;
  get: string;
  getFor: (system: string) => string;
  download: (system: string) => string;
  others: string;
  noDownloads: string;
  noDownloadsAsk: string;
  notForThis: string;
  phone: string;
  loading: string;
  unreachable: string;
  file: string;
  size: string;
  sum: string;
  sumHint: string;
  check: string;
  signature: string;
  signedBy: (who: string) => string;
  unsigned: string;
  invited: string;
  invitedHint: string;
  start: string;
  startText: Record<"windows" | "linux" | "darwin", string>;
  startLine: string;
  startLineHow: string;
  copy: string;
  copied: string;
  allow: string;
  allowText: string;
  here: { heading: string; text: string; limit: string; open: string };
  calm: string;
  calmPoints: [string, string, string];
  advisor: string;
}

const en: Texts = {
  title: "Get help",
  language: "Language",
  heading: "Get help on your computer",
  lead: "Your advisor is on the telephone with you and tells you a number with nine digits.",
  stepsHeading: "What happens now",
  get: "Get the small program",
  getFor: (s) => `This file is for your computer (${s}). It installs nothing and leaves nothing behind.`,
  download: (s) => `Download for ${s}`,
  others: "Files for other computers",
  noDownloads: "This gateway offers no program for download at the moment.",
  noDownloadsAsk: "Your advisor can send you the program, or tell you where to get it. It is one file called lotse-agent.",
  notForThis: "There is no file for this computer here. Please ask your advisor.",
  phone: "The program runs on computers with Windows or Linux. Please open this page on the computer that needs help.",
  loading: "Looking for the right file …",
  unreachable: "The list of programs could not be loaded. Please load this page again in a moment.",
  file: "File",
  size: "Size",
  sum: "SHA-256",
  sumHint: "Whoever wants to check the file compares this sum.",
  check: "Check the file",
  signature: "Signature",
  signedBy: (who) => `signed by ${who}; Windows shows this name, too`,
  unsigned: "not signed",
  invited: "Your session number begins with",
  invitedHint: "Your advisor tells you the other digits on the telephone. Type the whole number where you are asked for it.",
  start: "Start it and type the number",
  startText: {
    windows:
      "Click on the file in your browser's list of downloads. Windows may ask whether you want to run it. A page of its own opens; type the number there.",
    linux:
      "Allow the file to run (its properties, or chmod +x in a terminal), then start it. A page of its own opens; type the number there.",
    darwin:
      "Open the file from your downloads. A page of its own opens; type the number there. (Your Mac may ask first: System Settings, Privacy & Security.)",
  },
  startLine: "If the program asks where to connect to",
  startLineHow: "Type this there instead of the number alone:",
  copy: "Copy",
  copied: "Copied.",
  allow: "You decide what is seen",
  allowText: "First you see who is there. Nothing is shared until you allow it, and you can end it with one click at any time.",
  here: {
    heading: "Or: show only, nothing to download",
    text: "If your advisor only needs to look, this page is enough. You choose in your browser what may be seen: a window, a tab or the whole screen.",
    limit: "Your advisor can look and not control. For help with mouse and keyboard the program above is needed.",
    open: "Show from this page",
  },
  calm: "Good to know",
  calmPoints: [
    "Only give the number to somebody whom you have called yourself, or whose call you expected.",
    "Nobody can see your screen without your yes, and nobody can control your computer without a second yes.",
    "The key F12 takes control back at once. When you end the session, nothing of the program keeps running.",
  ],
  advisor: "For advisors: sign in",
};

const de: Texts = {
  title: "Hilfe erhalten",
  language: "Sprache",
  heading: "Hilfe an Ihrem Computer",
  lead: "Ihr Berater ist mit Ihnen am Telefon und nennt Ihnen eine Nummer mit neun Ziffern.",
  stepsHeading: "So geht es weiter",
  get: "Das kleine Programm holen",
  getFor: (s) => `Diese Datei passt zu Ihrem Computer (${s}). Sie installiert nichts und hinterlässt nichts.`,
  download: (s) => `Für ${s} herunterladen`,
  others: "Dateien für andere Computer",
  noDownloads: "Dieses Gateway bietet im Moment kein Programm zum Herunterladen an.",
  noDownloadsAsk:
    "Ihr Berater kann Ihnen das Programm schicken oder sagen, wo es zu bekommen ist. Es ist eine einzige Datei namens lotse-agent.",
  notForThis: "Für diesen Computer gibt es hier keine Datei. Bitte fragen Sie Ihren Berater.",
  phone:
    "Das Programm läuft auf Computern mit Windows oder Linux. Bitte öffnen Sie diese Seite auf dem Computer, der Hilfe braucht.",
  loading: "Die passende Datei wird gesucht …",
  unreachable: "Die Liste der Programme konnte nicht geladen werden. Bitte laden Sie diese Seite gleich noch einmal.",
  file: "Datei",
  size: "Größe",
  sum: "SHA-256",
  sumHint: "Wer die Datei prüfen möchte, vergleicht diese Summe.",
  check: "Die Datei prüfen",
  signature: "Signatur",
  signedBy: (who) => `unterschrieben von ${who}; Windows zeigt diesen Namen auch`,
  unsigned: "nicht unterschrieben",
  invited: "Ihre Sitzungsnummer beginnt mit",
  invitedHint:
    "Die anderen Ziffern nennt Ihnen Ihr Berater am Telefon. Geben Sie die ganze Nummer ein, wo Sie danach gefragt werden.",
  start: "Starten und die Nummer eingeben",
  startText: {
    windows:
      "Klicken Sie in der Liste der Downloads Ihres Browsers auf die Datei. Windows fragt vielleicht, ob Sie sie ausführen möchten. Es öffnet sich eine eigene Seite; geben Sie dort die Nummer ein.",
    linux:
      "Erlauben Sie der Datei, ausgeführt zu werden (in ihren Eigenschaften oder mit chmod +x in einem Terminal), und starten Sie sie. Es öffnet sich eine eigene Seite; geben Sie dort die Nummer ein.",
    darwin:
      "Öffnen Sie die Datei aus Ihren Downloads. Es öffnet sich eine eigene Seite; geben Sie dort die Nummer ein. (Ihr Mac fragt vielleicht erst: Systemeinstellungen, Datenschutz & Sicherheit.)",
  },
  startLine: "Falls das Programm fragt, wohin es sich verbinden soll",
  startLineHow: "Geben Sie dort dies statt der Nummer allein ein:",
  copy: "Kopieren",
  copied: "Kopiert.",
  allow: "Sie entscheiden, was zu sehen ist",
  allowText:
    "Zuerst sehen Sie, wer da ist. Nichts wird gezeigt, bevor Sie es erlauben, und Sie können es jederzeit mit einem Klick beenden.",
  here: {
    heading: "Oder: nur zeigen, nichts herunterladen",
    text: "Wenn Ihr Berater nur etwas ansehen soll, genügt diese Seite. Sie wählen in Ihrem Browser, was er sehen darf: ein Fenster, einen Tab oder den ganzen Bildschirm.",
    limit: "Er kann zusehen, aber nicht steuern. Für Hilfe mit Maus und Tastatur ist das Programm oben nötig.",
    open: "Von dieser Seite zeigen",
  },
  calm: "Gut zu wissen",
  calmPoints: [
    "Geben Sie die Nummer nur jemandem, den Sie selbst angerufen haben oder dessen Anruf Sie erwartet haben.",
    "Niemand sieht Ihren Bildschirm ohne Ihr Ja, und niemand steuert Ihren Computer ohne ein zweites Ja.",
    "Die Taste F12 nimmt die Steuerung sofort zurück. Wenn Sie die Sitzung beenden, läuft von dem Programm nichts mehr.",
  ],
  advisor: "Für Berater: anmelden",
};

export const texts: Table<Texts> = { en, de };

import type { Table } from "../../common/language.ts";
import type { Texts as PanelTexts } from "../../panel/texts.ts";
import type { ConsentRight, Outcome } from "./consent.ts";

export interface RecordWords {
  heading: string;
  day: string;
  gateway: string;
  advisor: string;
  joined: string;
  away: string;
  back: string;
  paused: string;
  goesOn: string;
  viewer: (from: string) => string;
  viewerGone: (from: string) => string;
  ended: string;
  more: (n: number) => string;
  /** `what` is what is shared. */
  outcomes: Partial<Record<ConsentRight, Partial<Record<Outcome, (what: string) => string>>>>;
}

export interface Texts {
  /** What the panel's sentences say otherwise here. */
  panel: Partial<PanelTexts>;
  names: Record<"monitor" | "window" | "browser" | "", string>;
  /** Pictures in words for viewers. */
  nothing: [string, string];
  paused: [string, string];
  refusals: Record<"refused" | "timeout" | "paused" | "over" | "cannot", string>;
  nobody: string;
  noCapture: string;
  needsProgram: string;
  back: string;
  preview: string;
  record: RecordWords;
}

const en: Texts = {
  panel: {
    allowFor: { view: "Allow and choose" },
    number: {
      confirm: "",
      confirmLead: "",
      heading: "Please type your session number",
      lead: "Your advisor tells you the number on the telephone. Nothing is shared yet.",
      label: "Session number",
      gateway: "You connect to",
      submit: "Connect",
      trust: "Only type a number from somebody whom you have called yourself, or whose call you expected.",
      which: "", // there is one gateway only: this page's
      format: "A session number has nine digits. Please compare it with your advisor.",
      errors: ({ code, retryAfter }) =>
        ({
          number:
            "This number is wrong, no longer valid, or already in use. Please compare it with your advisor. If it is right, ask for a new number.",
          busy: "This number is already in use. If that was not you, tell your advisor at once and ask for a new number.",
          rate: `There were too many tries. Please wait ${retryAfter} seconds.`,
          lost: "The session could not be taken up again. Please ask your advisor for a new number.",
        })[code] ?? "The gateway cannot be reached. Please check your Internet connection.",
    },
    meaning: {
      view: () =>
        "Click “Allow and choose”. Your browser then asks what to show: a window, a tab or the whole screen. Only that can be seen, and nobody can click or type for you.",
      control: () => "",
      clipboard: () => "",
      files: () => "",
      share: () => "",
      resume: () => "",
      show: () => "If you allow it, you see your advisor's screen here. Nothing of yours is shown; if it was, that ends.",
    },
    hide: "Stop showing",
    endedCalm: "Nothing of it is left running, and nothing is shown any more. You may close this page.",
  },
  names: { monitor: "the whole screen", window: "one window", browser: "one browser tab", "": "what you chose" },
  nothing: ["The customer shows nothing at the moment.", "Something can be shown again at any time."],
  paused: ["The customer has paused.", "Nothing can be seen until the customer goes on."],
  refusals: {
    refused: "The customer did not allow the view.",
    timeout: "The customer did not answer in time.",
    paused: "The customer has paused the session.",
    over: "The session is over.",
    cannot: "The customer's browser cannot show a screen.",
  },
  nobody: "Your advisor",
  noCapture: "This browser cannot show a screen. You can see your advisor's screen here; to show yours, please use the program.",
  needsProgram: "From this page your advisor can only watch. For help with mouse and keyboard the program is needed.",
  back: "Back",
  preview: "What you show at this moment",
  record: {
    heading: "Record of a remote support session",
    day: "Day",
    gateway: "Gateway",
    advisor: "Advisor",
    joined: "Connected. Nothing is shared.",
    away: "The line was interrupted.",
    back: "The line is back.",
    paused: "Paused by you: nothing can be seen.",
    goesOn: "Gone on by you.",
    viewer: (from) => `A viewer came${from && " from " + from}.`,
    viewerGone: (from) => `A viewer left${from && " (" + from + ")"}.`,
    ended: "Over.",
    more: (n) => `${n} further entries were left out.`,
    outcomes: {
      view: {
        opened: () => "The advisor asked to see your screen.",
        given: (what) => `You allowed it and chose ${what}.`,
        refused: () => "You refused it.",
        timeout: () => "Not answered, so refused.",
        taken: () => "Your screen is not shown any more.",
        returned: () => "The advisor stopped looking.",
        withdrawn: () => "The question was withdrawn.",
      },
      show: {
        opened: () => "The advisor offered to show a screen.",
        given: () => "You allowed it: you see the advisor's screen.",
        refused: () => "You refused it.",
        timeout: () => "Not answered, so refused.",
        taken: () => "You do not see the advisor's screen any more.",
        returned: () => "The advisor stopped showing it.",
        withdrawn: () => "The offer was withdrawn.",
      },
    },
  },
};

const de: Texts = {
  panel: {
    allowFor: { view: "Erlauben und auswählen" },
    number: {
      confirm: "",
      confirmLead: "",
      heading: "Bitte geben Sie Ihre Sitzungsnummer ein",
      lead: "Ihr Berater nennt Ihnen die Nummer am Telefon. Noch wird nichts gezeigt.",
      label: "Sitzungsnummer",
      gateway: "Sie verbinden sich mit",
      submit: "Verbinden",
      trust: "Geben Sie nur eine Nummer von jemandem ein, den Sie selbst angerufen haben oder dessen Anruf Sie erwartet haben.",
      which: "",
      format: "Eine Sitzungsnummer hat neun Ziffern. Bitte vergleichen Sie sie mit Ihrem Berater.",
      errors: ({ code, retryAfter }) =>
        ({
          number:
            "Diese Nummer ist falsch, nicht mehr gültig oder wird schon benutzt. Bitte vergleichen Sie sie mit Ihrem Berater. Wenn sie stimmt, lassen Sie sich eine neue geben.",
          busy: "Diese Nummer wird schon benutzt. Wenn Sie das nicht waren, sagen Sie es gleich Ihrem Berater und lassen Sie sich eine neue Nummer geben.",
          rate: `Es waren zu viele Versuche. Bitte warten Sie ${retryAfter} Sekunden.`,
          lost: "Die Sitzung konnte nicht fortgesetzt werden. Bitte lassen Sie sich von Ihrem Berater eine neue Nummer geben.",
        })[code] ?? "Das Gateway ist nicht erreichbar. Bitte prüfen Sie Ihre Internetverbindung.",
    },
    meaning: {
      view: () =>
        "Klicken Sie auf „Erlauben und auswählen“. Ihr Browser fragt dann, was gezeigt werden soll: ein Fenster, ein Tab oder der ganze Bildschirm. Nur das ist zu sehen, und niemand kann für Sie klicken oder tippen.",
      control: () => "",
      clipboard: () => "",
      files: () => "",
      share: () => "",
      resume: () => "",
      show: () =>
        "Wenn Sie es erlauben, sehen Sie hier seinen Bildschirm. Von Ihrem wird nichts gezeigt; war er zu sehen, endet das.",
    },
    hide: "Nicht mehr zeigen",
    endedCalm: "Davon läuft nichts mehr, und es wird nichts mehr gezeigt. Sie können diese Seite schließen.",
  },
  names: { monitor: "den ganzen Bildschirm", window: "ein Fenster", browser: "einen Browser-Tab", "": "was Sie gewählt haben" },
  nothing: ["Der Kunde zeigt im Moment nichts.", "Er kann jederzeit wieder etwas zeigen."],
  paused: ["Der Kunde hat angehalten.", "Es ist nichts zu sehen, bis er weitermacht."],
  refusals: {
    refused: "Der Kunde hat die Ansicht nicht erlaubt.",
    timeout: "Der Kunde hat nicht rechtzeitig geantwortet.",
    paused: "Der Kunde hat die Sitzung angehalten.",
    over: "Die Sitzung ist beendet.",
    cannot: "Der Browser des Kunden kann keinen Bildschirm zeigen.",
  },
  nobody: "Ihr Berater",
  noCapture:
    "Dieser Browser kann keinen Bildschirm zeigen. Sie können hier den Bildschirm Ihres Beraters sehen; um Ihren zu zeigen, nehmen Sie bitte das Programm.",
  needsProgram:
    "Von dieser Seite aus kann Ihr Berater nur zusehen. Damit er mit Maus und Tastatur helfen kann, ist das Programm nötig.",
  back: "Zurück",
  preview: "Was Sie in diesem Moment zeigen",
  record: {
    heading: "Protokoll einer Fernhilfe-Sitzung",
    day: "Tag",
    gateway: "Gateway",
    advisor: "Berater",
    joined: "Verbunden. Es wird nichts gezeigt.",
    away: "Die Leitung war unterbrochen.",
    back: "Die Leitung ist wieder da.",
    paused: "Von Ihnen angehalten: Es ist nichts zu sehen.",
    goesOn: "Von Ihnen fortgesetzt.",
    viewer: (from) => `Ein Betrachter kam dazu${from && " (" + from + ")"}.`,
    viewerGone: (from) => `Ein Betrachter ging${from && " (" + from + ")"}.`,
    ended: "Beendet.",
    more: (n) => `${n} weitere Einträge wurden weggelassen.`,
    outcomes: {
      view: {
        opened: () => "Der Berater bat darum, Ihren Bildschirm zu sehen.",
        given: (what) => `Sie haben es erlaubt und gewählt: ${what}.`,
        refused: () => "Sie haben es abgelehnt.",
        timeout: () => "Nicht beantwortet, daher abgelehnt.",
        taken: () => "Ihr Bildschirm wird nicht mehr gezeigt.",
        returned: () => "Der Berater sieht nicht mehr zu.",
        withdrawn: () => "Die Frage wurde zurückgezogen.",
      },
      show: {
        opened: () => "Der Berater bot an, seinen Bildschirm zu zeigen.",
        given: () => "Sie haben es erlaubt: Sie sehen seinen Bildschirm.",
        refused: () => "Sie haben es abgelehnt.",
        timeout: () => "Nicht beantwortet, daher abgelehnt.",
        taken: () => "Sie sehen seinen Bildschirm nicht mehr.",
        returned: () => "Der Berater zeigt seinen Bildschirm nicht mehr.",
        withdrawn: () => "Das Angebot wurde zurückgezogen.",
      },
    },
  },
};

export const texts: Table<Texts> = { en, de };

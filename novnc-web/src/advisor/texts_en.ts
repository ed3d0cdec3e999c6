import type { Wish } from "../common/rights.ts";
import type { Texts } from "./texts.ts";

const rightsEn: Record<Wish, string> = {
  view: "the view",
  control: "control",
  clipboard: "the clipboard",
  show: "seeing your screen",
  files: "files",
  share: "another part of the screen",
};

export const en: Texts = {
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
    takeUp: (number) => ({
      question: `Take up session ${number} here?`,
      meaning:
        "A link asks for it. Say yes only if you have just opened that session with another program of yours. This page then takes that program's place.",
      yes: "Take it up",
      no: "No",
    }),
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
    linkWarning: "The link says only where to go and how the number begins. Say the other digits on the telephone.",
    steps: [
      "The customer opens this gateway's page and starts the small program.",
      "He types the number. You then see each other's names.",
      "Nothing is shared until he allows it.",
    ],
    expires: (t) => `The number is valid until ${t}.`,
    checking: "Somebody is entering the number …",
    wrong: (tries, of) =>
      `Somebody entered this number with wrong last digits (${tries} of ${of}). ` +
      (tries === of - 1
        ? "If it happens once more, this number is not used any more."
        : "If it was your customer, read the number to him again."),
    used: "Somebody entered this number again and was not let in: one customer has used it already. If your customer is not here, end this session and make a new number.",
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
        burnt: "Somebody tried this number with wrong last digits. For safety it is not used any more. Please make a new one.",
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
    partlyViewer: "Another viewer of this session is passed on to another computer without encryption.",
  },
  answers: {
    view: "Attention: the customer's program answers by itself. Viewing is allowed without anybody being asked, everything else is refused.",
    control: "Attention: the customer's program answers by itself. Everything is allowed without anybody being asked.",
    deny: "Attention: the customer's program answers by itself. It refuses every question.",
  },
  events: ({ event, right, by, seconds }) => {
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
      case "delayed":
        return `The customer refused ${what} a moment ago, and is asked again in ${seconds} seconds.`;
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

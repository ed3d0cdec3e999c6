// A customer's program that is controlled by a script, for screenshots of the advisor's page.
// It seals like the real program.

import { noRights } from "../src/common/rights.ts";
import { ControlEnd } from "../src/customer/sharing/control.ts";
import { AgentLink } from "../src/customer/sharing/link.ts";
import { Picture } from "../src/rfb/picture.ts";
import { Server, type Duplex } from "../src/rfb/server.ts";
import { Origins, Tries } from "../src/seal/index.ts";

declare global {
  interface Window {
    puppet: {
      enter(number: string): void;
      /** Sends a state of the session. */
      say(state: object): void;
      /** Sends an event. */
      tell(event: object): void;
      /** Allows the view that is being asked for, or that comes next. */
      allow(): Promise<void>;
      refuse(): void;
      /** Sets the size of the desktop that the next view shows. */
      resize(width: number, height: number): void;
      /** Writes a line of the chat. */
      write(text: string): void;
      /** Returns what the advisor asked for and gave back since the last call. */
      heard(): string[];
      /** Returns what the advisor's pointer did since the last call. */
      pointer(): { buttons: number; x: number; y: number }[];
    };
  }
}

const controls = new Set<ControlEnd>();
let state: Record<string, unknown> = {};
let seq = 1;
let answer: { yes: () => void; no: () => void } | null = null;
let closeShow = () => {};

const heard: string[] = [];
let lines = 0;

/** Sends a line of the chat to all ends. */
function chat(by: "advisor" | "customer", text: string, tag: number): void {
  const line = { id: ++lines, by, time: new Date().toISOString(), text, ...(tag > 0 && { tag }) };
  for (const control of controls) control.send({ type: "chatLine", ...line });
}

const pointed: { buttons: number; x: number; y: number }[] = [];
/** RFC 6143, section 7.5.5. noVNC sends some of these messages together. */
const pointerEvent = { type: 5, size: 6 };

/** Notes the pointer's messages of a line that is served already; the server ignores them. */
function watch(line: Duplex): void {
  const serve = line.onmessage;
  line.onmessage = (e) => {
    const message = new DataView(e.data);
    for (let i = 0; i + pointerEvent.size <= message.byteLength; i += pointerEvent.size) {
      if (message.getUint8(i) !== pointerEvent.type) break;
      pointed.push({ buttons: message.getUint8(i + 1), x: message.getUint16(i + 2), y: message.getUint16(i + 4) });
    }
    serve?.(e);
  };
}

let [width, height] = [1280, 720];

/** Returns a picture of a made-up desktop. */
function desk(): Picture {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const c = canvas.getContext("2d", { alpha: false })!;
  const sky = c.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, "#27506b");
  sky.addColorStop(1, "#7fa8b8");
  c.fillStyle = sky;
  c.fillRect(0, 0, width, height);
  c.fillStyle = "#fff";
  c.fillRect(160, 90, 720, 480);
  c.fillStyle = "#d8dee4";
  c.fillRect(160, 90, 720, 36);
  c.fillStyle = "#17212b";
  c.font = "18px sans-serif";
  c.fillText("Rechnung März.odt – LibreOffice Writer", 176, 114);
  for (let i = 0; i < 12; i++) c.fillRect(200, 170 + i * 30, 300 + ((i * 97) % 320), 8);
  const picture = new Picture(width, height);
  picture.show(new Uint32Array(c.getImageData(0, 0, width, height).data.buffer as ArrayBuffer), width, height, true);
  return picture;
}

function tell(control: ControlEnd): void {
  control.send({
    type: "state",
    seq: ++seq,
    asked: [],
    viewers: [],
    paused: false,
    hands: false,
    notice: "",
    share: null,
    direction: "none",
    rights: { ...noRights, files: false },
    ...state,
  });
}

window.puppet = {
  enter: (number) => {
    const link = new AgentLink(
      { digits: number, tries: new Tries(1), origins: new Origins() },
      {
        joined: () => {},
        away: () => {},
        doorBurnt: () => {},
        refused: () => {},
        burnt: () => {},
        over: () => {},
        stream: (channel, call) => {
          if (call.kind === "control") {
            const control: ControlEnd = new ControlEnd(channel, {
              ask: (right) => heard.push("ask " + right),
              giveBack: (right) => heard.push("return " + right),
              door: () => {},
              chat: (text, tag) => {
                heard.push("chat " + text);
                chat("advisor", text, tag);
              },
              end: () => {},
              closed: () => controls.delete(control),
            });
            control.start();
            controls.add(control);
            const customer = { user: "petra", host: "PETRA-PC", system: "windows/amd64" };
            const can = ["view", "control", "clipboard", "show", "share"];
            const abilities = { can, answer: "", pong: true, reminds: true, chat: true };
            control.send({ type: "hello", version: "1.0.0", customer, program: "agent", ...abilities });
            tell(control);
          } else if (call.kind === "show") {
            channel.onmessage = () => {};
            closeShow = () => channel.close();
          } else {
            const approve = () =>
              new Promise<void>((resolve, reject) => (answer = { yes: resolve, no: () => reject(new Error("no")) }));
            const line = channel as unknown as Duplex;
            void new Server(line, { picture: desk(), name: "PETRA-PC", approve }).serve();
            watch(line);
          }
        },
      },
    );
    void link.run();
  },
  say: (more) => {
    state = more as Record<string, unknown>;
    for (const control of controls) tell(control);
  },
  tell: (event) => {
    for (const control of controls) control.send({ type: "event", ...(event as { event: string; right: string; by: string }) });
  },
  write: (text) => chat("customer", text, 0),
  resize: (...size) => {
    [width, height] = size;
  },
  heard: () => heard.splice(0),
  pointer: () => pointed.splice(0),
  allow: async () => {
    while (!answer) await new Promise((resolve) => setTimeout(resolve, 10)); // the view is on its way
    answer.yes();
    answer = null;
  },
  refuse: () => {
    answer?.no();
    closeShow();
  },
};

// A customer's program that is controlled by a script, for screenshots of the advisor's page.
// It seals like the real program.

import { noRights } from "../src/common/rights.ts";
import { ControlEnd } from "../src/customer/sharing/control.ts";
import { RecordLog } from "../src/record/log.ts";
import { AgentLink } from "../src/customer/sharing/link.ts";
import { Picture } from "../src/rfb/picture.ts";
import { Server, type Duplex } from "../src/rfb/server.ts";
import { toHex } from "../src/seal/bytes.ts";
import { Origins, Tries, type SealedChannel } from "../src/seal/index.ts";

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
      /** Says hello again, with other abilities. */
      greet(abilities: object): void;
      /** Reports what became of a colleague. */
      colleague(state: object): void;
      /** Returns how many names of offered files are known. */
      offers(): number;
      /** Reports a state of the offered file with this name. */
      file(name: string, state: object): void;
      /** Takes this part of the file with this name when it comes: 1 is all of it. */
      take(name: string, part: number): void;
      /** Gives a file to the advisor: this part of its bytes comes when it is wanted, 1 is all. */
      give(name: string, size: number, part: number): void;
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

/** The files that the advisor offered, by their names. */
const offered = new Map<string, { id: string; size: number }>();
const parts = new Map<string, number>();

function sayFile(name: string, more: object): void {
  const id = offered.get(name)?.id ?? "";
  for (const control of controls) control.send({ type: "fileState", id, state: "waiting", ...more });
}

/** The files that the customer gives, by their IDs. */
const given = new Map<string, { size: number; part: number }>();

/** Gives a file, or a part of it, to the advisor; tunnel/PROTOCOL.md, section 7a. */
async function giveFile(channel: SealedChannel, { size, part }: { size: number; part: number }): Promise<void> {
  const data = new Uint8Array(size).fill(7);
  const some = Math.floor(part * size);
  for (let at = 0; at < some; at += 32_768) channel.send(data.subarray(at, Math.min(some, at + 32_768)));
  if (part === 1) channel.send(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
}

/** Takes a file from a stream, or a part of it; tunnel/PROTOCOL.md, section 7a. */
function takeFile(channel: SealedChannel): void {
  let name = "";
  let size = 0;
  let got = new Uint8Array(0);
  const count = (n: number) => {
    const out = new DataView(new ArrayBuffer(8));
    out.setBigUint64(0, BigInt(n));
    channel.send(out.buffer);
  };
  channel.onmessage = ({ data }) => {
    got = new Uint8Array([...got, ...new Uint8Array(data)]);
    if (name === "") {
      const end = got.indexOf(10);
      if (end < 0) return;
      const { file } = JSON.parse(new TextDecoder().decode(got.subarray(0, end))) as { file: string };
      const gift = given.get(file);
      if (gift) {
        channel.onmessage = () => {}; // the counts
        return void giveFile(channel, gift);
      }
      for (const [n, o] of offered) if (o.id === file) [name, size] = [n, o.size];
      got = got.slice(end + 1);
    }
    const part = parts.get(name) ?? 1;
    if (got.length < size + 32) return count(Math.min(got.length, Math.floor(part * size), Math.max(0, size - 1)));
    count(size);
    channel.close();
    sayFile(name, { state: "done", sha256: toHex(got.slice(size)) });
  };
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

function greet(control: ControlEnd, more: object): void {
  const customer = { user: "petra", host: "PETRA-PC", system: "windows/amd64" };
  const can = ["view", "control", "clipboard", "show", "share", "record"];
  const abilities = {
    can,
    answer: "",
    pong: true,
    reminds: true,
    chat: true,
    files: true,
    colleagues: true,
    key: "A".repeat(43),
    ...more,
  };
  control.send({ type: "hello", version: "1.0.0", customer, program: "agent", ...abilities });
  const record = new RecordLog();
  record.add({ event: "begin", version: 1, gateway: "support.example.com", who: { name: "anna" } });
  record.add({ event: "joined", code: "0412" });
  record.add({ event: "asked", right: "view" });
  record.add({ event: "shown", share: { kind: "apps", names: ["Briefe – Textverarbeitung"] } });
  record.add({ event: "given", right: "view", by: "customer" });
  for (const batch of record.batches()) control.send({ type: "record", ...batch });
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
              file: (id, name, size) => offered.set(name, { id, size: size as number }),
              fileCancel: () => heard.push("fileCancel"),
              end: () => {},
              closed: () => controls.delete(control),
            });
            control.start();
            controls.add(control);
            greet(control, {});
            tell(control);
          } else if (call.kind === "file") {
            takeFile(channel);
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
  colleague: (more) => {
    for (const control of controls) control.send({ type: "colleagueState", name: "bert", state: "asked", ...more });
  },
  write: (text) => chat("customer", text, 0),
  greet: (abilities) => {
    for (const control of controls) greet(control, abilities);
  },
  offers: () => offered.size,
  file: sayFile,
  take: (name, part) => void parts.set(name, part),
  give: (name, size, part) => {
    const id = String(given.size).padStart(22, "G");
    given.set(id, { size, part });
    for (const control of controls) control.send({ type: "file", id, name, size });
  },
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

// Runs in a worker: receives frames, compares them, and serves RFB to each viewer.

import { Picture } from "../rfb/picture.ts";
import { Refusal, Server } from "../rfb/server.ts";
import { Frames } from "./frames.ts";
import { encodeJPEG } from "./jpeg.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { PortLine } from "./portline.ts";
import { wordsPicture } from "./wordspicture.ts";

interface Scope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((e: { data: ToWorker }) => void) | null;
  close(): void;
}

interface Viewer {
  line: PortLine;
  answer: (refusal: string | null) => void;
}

const scope = self as unknown as Scope;
const picture = new Picture(1, 1);
const frames = new Frames(
  picture,
  () => scope.postMessage({ type: "grab" }),
  () => scope.postMessage({ type: "ended" }),
);
const viewers = new Map<number, Viewer>();

function open(id: number, name: string, patience: number): void {
  const line = new PortLine(
    (bytes) => scope.postMessage({ type: "data", id, bytes }, [bytes.buffer]),
    () => scope.postMessage({ type: "howMuch", id }),
  );
  const viewer: Viewer = { line, answer: () => {} };
  viewers.set(id, viewer);
  const server = new Server(line, {
    picture,
    name,
    patience,
    encodeJPEG,
    approve: () =>
      new Promise<void>((resolve, reject) => {
        viewer.answer = (refusal) => (refusal === null ? resolve() : reject(new Refusal(refusal)));
        line.onlost = () => reject(new Error("gone"));
        scope.postMessage({ type: "ask", id });
      }),
  });
  void server.serve().then((why) => {
    viewers.delete(id);
    scope.postMessage({ type: "close", id, why: why instanceof Error ? why.message : "" });
  });
}

scope.onmessage = ({ data: m }) => {
  switch (m.type) {
    case "frame":
      return void frames.take(m.frame);
    case "track":
      return void frames.readTrack(m.track);
    case "hide": {
      frames.hide();
      const { words, width, height } = wordsPicture(m.words);
      return picture.show(words, width, height, true);
    }
    case "reveal":
      return frames.reveal();
    case "drop":
      return frames.drop();
    case "end":
      frames.drop();
      return scope.close();
    case "open":
      return open(m.id, m.name, m.patience);
    case "data":
      return viewers.get(m.id)?.line.receive(m.bytes);
    case "closed":
      return viewers.get(m.id)?.line.lost();
    case "answer":
      return viewers.get(m.id)?.answer(m.refusal);
    case "left":
      return viewers.get(m.id)?.line.left(m.bytes);
  }
};

// scripts/chromium.mjs runs this file in a real browser. A changing canvas is shared through
// the worker's RFB server and a seal with an unmodified noVNC, and both pictures are compared
// pixel by pixel.

import RFB from "@novnc/novnc";
import { handshake, Tries } from "../src/seal/index.ts";
import { ScreenShare } from "../src/share/screenshare.ts";
import { linePair } from "./lines.ts";

const wait = (ms: number) => new Promise((r) => setTimeout(r, ms));

async function until(what: string, holds: () => boolean, ms = 60_000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(what + " did not come");
    await wait(30);
  }
}

/** Paints text, flat areas, a photograph's gradients, and noise. */
function paint(canvas: HTMLCanvasElement, seed: number): void {
  const c = canvas.getContext("2d", { alpha: false })!;
  const { width, height } = canvas;
  c.fillStyle = `hsl(${seed * 40} 40% 90%)`;
  c.fillRect(0, 0, width, height);
  const gradient = c.createLinearGradient(0, 0, width, height);
  gradient.addColorStop(0, `hsl(${seed * 70} 80% 40%)`);
  gradient.addColorStop(1, `hsl(${seed * 70 + 90} 80% 60%)`);
  c.fillStyle = gradient;
  c.fillRect(width / 2, 0, width / 2, height / 2);
  c.fillStyle = "#000";
  c.font = "16px sans-serif";
  for (let y = 20; y < height; y += 22) c.fillText(`Zeile ${y} von Bild ${seed}: Grüße aus dem Browser`, 10, y);
}

function pixels(canvas: HTMLCanvasElement): Uint8ClampedArray {
  return canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data;
}

/**
 * Returns the mean and the largest difference of all colour values, Infinity if the sizes
 * differ.
 */
function difference(a: HTMLCanvasElement, b: HTMLCanvasElement | null): { mean: number; most: number } {
  if (!b || a.width !== b.width || a.height !== b.height) return { mean: Infinity, most: Infinity };
  const [pa, pb] = [pixels(a), pixels(b)];
  let sum = 0;
  let most = 0;
  for (let i = 0; i < pa.length; i++) {
    const d = Math.abs(pa[i]! - pb[i]!);
    sum += d;
    if (d > most) most = d;
  }
  return { mean: sum / pa.length, most };
}

declare global {
  interface Window {
    shareInBrowser(bench: boolean): Promise<Record<string, number>>;
  }
}

async function lines() {
  const [a, b] = linePair();
  const params = { number: "482193057", kind: "show" as const, stream: "AAAAAAAAAAAAAAAAAAAAAA" };
  return Promise.all([
    handshake(a, "agent", { ...params, tries: new Tries() }),
    handshake(b, "advisor", { ...params, tries: new Tries() }),
  ]);
}

window.shareInBrowser = async (bench) => {
  const source = document.createElement("canvas");
  [source.width, source.height] = [900, 620];
  paint(source, 1);
  const stream = source.captureStream(30);
  const [track] = stream.getVideoTracks();
  const share = new ScreenShare(["Nichts wird gezeigt"], () => {});
  share.use({ track: track!, stream, surface: "monitor", name: "" });

  const [server, client] = await lines();
  let answer: ((refusal: string | null) => void) | null = null;
  let over = "";
  share.serve(server, {
    name: "Test",
    approve: () => new Promise((resolve) => (answer = resolve)),
    closed: (why) => (over = why || "closed"),
  });
  const target = document.createElement("div");
  document.body.append(target);
  const rfb = new RFB(target, client, { shared: true });
  rfb.viewOnly = true;
  const shown = () => target.querySelector("canvas");
  let connected = false;
  rfb.addEventListener("connect", () => (connected = true));
  await until("the question", () => answer !== null);
  if (connected) throw new Error("connected before the yes");
  answer!(null);
  await until("the connection", () => connected);
  let pictures = 0;
  let first = 0;
  for (let seed = 2; seed < 6; seed++) {
    const began = performance.now();
    paint(source, seed);
    await until(`picture ${seed} within JPEG's error`, () => difference(source, shown()).mean < 4);
    first = performance.now() - began;
    await until(`picture ${seed} without loss`, () => difference(source, shown()).most === 0);
    pictures++;
  }
  [source.width, source.height] = [640, 400];
  paint(source, 7);
  await until("another size", () => difference(source, shown()).most === 0);
  share.hide(["Angehalten", "Es ist nichts zu sehen"]);
  await until("the words", () => shown()?.width === 1024);
  paint(source, 8);
  const before = shown()!.toDataURL();
  share.hide(["Immer noch angehalten", ""]); // while already hidden
  await until("the other words", () => shown()!.toDataURL() !== before);
  if (shown()?.width !== 1024) throw new Error("shown while hidden");
  share.reveal();
  await until("it again", () => difference(source, shown()).most === 0);
  pictures += 3;
  // A static screen delivers only one frame, which must not be lost.
  for (let round = 0; round < 10; round++) {
    share.hide();
    await until("the words again", () => shown()?.width === 1024);
    if (round % 2) paint(source, 20 + round);
    share.reveal();
    await until(`what stands still, round ${round}`, () => difference(source, shown()).most === 0);
    pictures++;
  }
  for (let round = 0; round < 5; round++) {
    const still = document.createElement("canvas");
    [still.width, still.height] = [500 + round, 300];
    paint(still, round);
    const chosen = still.captureStream(30);
    share.use({ track: chosen.getVideoTracks()[0]!, stream: chosen, surface: "monitor", name: "" });
    await until(`another choice, ${round}`, () => difference(still, shown()).most === 0);
    pictures++;
  }
  await until("the first track's end", () => track!.readyState === "ended");
  const last = source.captureStream(30);
  const [lastTrack] = last.getVideoTracks();
  share.use({ track: lastTrack!, stream: last, surface: "monitor", name: "" });
  const rate: Record<string, number> = {};
  if (bench) {
    [source.width, source.height] = [1920, 1080];
    paint(source, 9);
    await until("1080p", () => difference(source, shown()).mean < 4);
    const began = performance.now();
    for (let seed = 10; seed < 20; seed++) {
      paint(source, seed);
      await until("1080p", () => difference(source, shown()).mean < 4);
    }
    rate["1080p, all of it new, ms per picture"] = (performance.now() - began) / 10;
  }
  share.stopCapture(["Vorbei"]);
  await until("the track's end", () => lastTrack!.readyState === "ended");
  rfb.disconnect();
  await until("the viewer's end", () => over !== "");
  share.close();
  return { pictures, "a picture within, ms": first, ...rate };
};

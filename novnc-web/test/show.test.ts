// The advisor's page shows its screen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Show } from "../src/advisor/show.ts";
import type { SealedChannel } from "../src/seal/index.ts";
import type { ToWorker } from "../src/share/messages.ts";

test("a show waits longer for its first message than a customer is asked", async () => {
  const said: ToWorker[] = [];
  class FakeWorker {
    postMessage(m: ToWorker): void {
      said.push(m);
    }
    terminate(): void {}
  }
  const track = { getSettings: () => ({}), label: "", clone: () => track, stop: () => {} };
  const stream = { getVideoTracks: () => [track], getTracks: () => [track] };
  const mediaDevices = { getDisplayMedia: () => Promise.resolve(stream) };
  Object.defineProperty(globalThis, "navigator", { value: { userAgent: "node", mediaDevices }, configurable: true });
  Object.assign(globalThis, { Worker: FakeWorker, SHARE_WORKER: "" });
  const channel = { close: () => {} } as unknown as SealedChannel;
  const show = new Show(
    () => Promise.resolve(channel),
    () => {},
  );
  await show.start();
  assert.equal(show.phase, "asking");
  const opened = said.find((m) => m.type === "open");
  assert.ok(opened && opened.patience > 10 * 60_000); // ten minutes: the longest time for which a customer's program can be told to ask
  show.stop();
  assert.equal(show.phase, "off");
});

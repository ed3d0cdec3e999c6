import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Api, ApiError } from "../src/advisor/api.ts";
import { solvePuzzle } from "../src/common/puzzle.ts";
import { call, id, joined, number, rig } from "./evilgateway.ts";
import { SealedChannel } from "../src/seal/index.ts";
import { until } from "./rfbviewer.ts";

interface Vector {
  puzzle: string;
  bits: number;
  proof: string;
}

// The tests run with novnc-web as the current folder.
const vectors = JSON.parse(readFileSync("../tunnel/testdata/puzzle.json", "utf8")) as Vector[];
const easy = vectors.find((v) => v.bits === 4)!;

/** The same puzzle with a demand of 19 bits, which is more than a page accepts. */
const tooMuch = btoa("\u0001\u0013\u0000").slice(0, 4) + easy.puzzle.slice(4);

test("puzzles are solved as tunnel solves them", async () => {
  assert.ok(vectors.length > 3);
  for (const v of vectors) assert.equal(await solvePuzzle(v.puzzle), v.proof);
});

test("what is no puzzle, or asks for too much, is refused", async () => {
  for (const bad of ["", easy.puzzle.slice(1), easy.puzzle + "A", easy.puzzle.replace(/^./, "B"), tooMuch, "!".repeat(46)])
    await assert.rejects(solvePuzzle(bad), bad);
});

test("the work ends with its signal", async () => {
  const hard = btoa("\u0001\u0012\u0000").slice(0, 4) + easy.puzzle.slice(4);
  await assert.rejects(solvePuzzle(hard, AbortSignal.abort(new Error("enough"))), /enough/);
});

test("a number is entered again with the proof of work, and nobody notices", async () => {
  const r = rig();
  await until(() => r.socket(0)?.said.length === 1);
  r.socket(0).tell({ type: "puzzle", puzzle: easy.puzzle });
  await until(() => r.socket(0).said.length === 2);
  assert.deepEqual(JSON.parse(r.socket(0).said[1]!), { type: "enter", place: "4821", proof: easy.proof });
  r.socket(0).tell(call("A", "control", "entering"));
  assert.ok((await r.advise(1, number, "control", id("A"))) instanceof SealedChannel);
  r.socket(0).tell(joined);
  await until(() => r.told.includes("joined anna"));
  r.link.stop();
});

test("a gateway that asks without end, or for too much, is given up", async () => {
  for (const puzzles of [Array(9).fill(easy.puzzle), [tooMuch]]) {
    const r = rig();
    await until(() => r.socket(0)?.said.length === 1);
    for (const puzzle of puzzles) r.socket(0).tell({ type: "puzzle", puzzle });
    await until(() => r.told.length > 0);
    assert.deepEqual(r.told, ["refused gateway 0"]);
    assert.ok(r.socket(0).said.length <= 5);
  }
});

/** Plays a gateway that sends a puzzle `times` times before it signs in. */
function signInAt(times: number): { bodies: { proof?: string }[] } {
  const bodies: { proof?: string }[] = [];
  globalThis.fetch = async (_url, init) => {
    bodies.push(JSON.parse(String(init?.body)) as { proof?: string });
    return bodies.length > times
      ? Response.json({ name: "anna", display: "Anna", company: "", csrf: "x" })
      : Response.json({ error: { code: "puzzle", message: "", puzzle: easy.puzzle } }, { status: 429 });
  };
  return { bodies };
}

test("a sign-in brings the proof of work, and nobody notices", async () => {
  const { bodies } = signInAt(1);
  assert.equal((await new Api().signIn("anna", "secret")).name, "anna");
  assert.deepEqual(bodies, [
    { name: "anna", password: "secret" },
    { name: "anna", password: "secret", proof: easy.proof },
  ]);
});

test("a sign-in that is asked without end is refused", async () => {
  const { bodies } = signInAt(1000);
  await assert.rejects(new Api().signIn("anna", "secret"), (e) => e instanceof ApiError && e.code === "puzzle");
  assert.equal(bodies.length, 5);
});

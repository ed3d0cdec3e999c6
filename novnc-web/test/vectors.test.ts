import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as cpace from "../src/seal/cpace.ts";
import { concat, utf8 } from "../src/seal/bytes.ts";
import { Commitment } from "../src/seal/commit.ts";
import { FrameBuffer } from "../src/seal/frame.ts";
import { handshake } from "../src/seal/index.ts";
import { deriveKeys, label } from "../src/seal/keys.ts";
import { Direction, rekeyAfter } from "../src/seal/record.ts";
import { FakeLine, hex, linePair, unhex } from "./lines.ts";
import { keptOf, originOf, paramsOf, type BadVector, type Vector } from "./vectors.ts";

// The tests run with novnc-web as the current folder.
const read = (file: string) => JSON.parse(readFileSync("../seal/testdata/" + file, "utf8")) as unknown;
const vectors = read("vectors.json") as Vector[];
const refused = read("refused.json") as BadVector[];

test("the vectors of the draft", () => {
  const sid = unhex("7e4b4791d6a8ef019b936c79fb7f2c57");
  const g = cpace.generator(utf8("Password"), cpace.lvCat(utf8("A_initiator"), utf8("B_responder")), sid);
  assert.equal(hex(g.toBytes()), "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56");
  const share = (scalar: string) => cpace.shareOf(cpace.scalarFromBytes(unhex(scalar)), g);
  const a = share("da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08");
  const b = share("d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d");
  assert.equal(hex(a.publicBytes), "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157");
  assert.equal(hex(b.publicBytes), "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258");
  const k = cpace.secretPoint(a, b.publicBytes);
  assert.ok(k);
  assert.equal(hex(k), "80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f");
  assert.deepEqual(cpace.secretPoint(b, a.publicBytes), k);
  const isk = cpace.intermediateKey(sid, k, cpace.transcriptIR(a.publicBytes, utf8("ADa"), b.publicBytes, utf8("ADb")));
  assert.equal(
    hex(isk),
    "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447",
  );
});

test("there are vectors", () => assert.ok(vectors.length >= 3 && refused.length >= 20));

for (const v of vectors) {
  const name = `vector ${v.Number} ${v.Kind}`;

  test(`${name}: exchange, step by step`, () => {
    const ci = cpace.lvCat(label, utf8(v.Number.slice(0, 4)), utf8(v.Kind), utf8("agent"), utf8("advisor"));
    const sid = utf8(v.Stream);
    const origin = originOf(v.Origin);
    const g = cpace.generator(concat(utf8(v.Number), origin?.secret ?? new Uint8Array(0)), ci, sid);
    assert.equal(hex(g.toBytes()), v.Generator);
    const a = cpace.shareOf(cpace.scalarFromBytes(unhex(v.ScalarA)), g);
    const b = cpace.shareOf(cpace.scalarFromBytes(unhex(v.ScalarB)), g);
    assert.equal(hex(a.publicBytes), v.ShareA);
    assert.equal(hex(b.publicBytes), v.ShareB);
    const commitment = Commitment.to(sid, b.publicBytes, unhex(v.Nonce), origin, v.Onward ?? false);
    assert.equal("100032" + hex(commitment.body), v.FrameCommit);
    const k = cpace.secretPoint(b, a.publicBytes);
    assert.ok(k);
    const transcript = cpace.transcriptIR(
      a.publicBytes,
      utf8("agent\x02"),
      b.publicBytes,
      commitment.advisorData(unhex(v.Nonce)),
    );
    const isk = cpace.intermediateKey(sid, k, transcript);
    assert.equal(hex(isk), v.ISK);
    const keys = deriveKeys(isk, transcript);
    assert.equal(hex(keys.dataAgent), v.SecretA);
    assert.equal(hex(keys.dataAdvisor), v.SecretB);
    assert.equal((origin ?? keys.origin).compare, v.Compare);
    if (v.Exports) assert.deepEqual(keys.origin.keep(), keptOf(v.Exports));
  });

  test(`${name}: both ends on the wire`, async () => {
    const [a, b] = linePair();
    const [agent, advisor] = await Promise.all([
      handshake(a, "agent", paramsOf(v, "agent", v.ScalarA, v.Origin)),
      handshake(b, "advisor", paramsOf(v, "advisor", v.ScalarB, v.Origin)),
    ]);
    assert.deepEqual(a.sent.map(hex), [v.FrameShare, v.FrameConfirm]);
    assert.deepEqual(b.sent.map(hex), [v.FrameCommit, v.FrameShareConfirm]);
    for (const end of [agent, advisor]) {
      assert.equal(end.compare, v.Compare);
      assert.equal(end.onward, v.Onward ?? false);
      assert.deepEqual(end.origin.keep(), keptOf((v.Origin ?? v.Exports)!));
    }
  });

  for (const role of ["agent", "advisor"] as const) {
    test(`${name}: ${role} against the recording`, async () => {
      const line = new FakeLine();
      const done = handshake(line, role, paramsOf(v, role, role === "agent" ? v.ScalarA : v.ScalarB, v.Origin));
      const theirs = role === "agent" ? [v.FrameCommit, v.FrameShareConfirm] : [v.FrameShare, v.FrameConfirm];
      for (const frame of theirs) for (const byte of unhex(frame)) line.receive(Uint8Array.of(byte));
      const channel = await done;
      assert.equal(channel.compare, v.Compare);
      const got: string[] = [];
      channel.onmessage = ({ data }) => got.push(hex(new Uint8Array(data)));
      const ended = new Promise<boolean>((resolve) => (channel.onclose = ({ wasClean }) => resolve(wasClean)));
      const peer = v.Records.filter((r) => r.From !== role);
      for (const r of peer) line.receive(unhex(r.Frame));
      assert.equal(await ended, true);
      assert.deepEqual(
        got,
        peer.filter((r) => !r.End).map((r) => r.Plain),
      );
    });
  }

  test(`${name}: records`, async () => {
    const out = { agent: new Direction(unhex(v.SecretA)), advisor: new Direction(unhex(v.SecretB)) };
    const incoming = { agent: new Direction(unhex(v.SecretA)), advisor: new Direction(unhex(v.SecretB)) };
    for (const r of v.Records) {
      assert.equal(hex(await out[r.From].seal(unhex(r.Plain))), r.Frame);
      assert.equal(hex(await incoming[r.From].open(frameOf(r.Frame))), r.Plain);
    }
  });

  test(`${name}: rekey`, async () => {
    const r = v.RekeyRecord;
    assert.equal(hex(await new Direction(unhex(v.SecretA), rekeyAfter).seal(unhex(r.Plain))), r.Frame);
    assert.equal(hex(await new Direction(unhex(v.SecretA), rekeyAfter).open(frameOf(r.Frame))), r.Plain);
  });
}

for (const v of refused)
  test(`refused by the ${v.Role}: ${v.Name}`, async () => {
    const line = new FakeLine();
    const params = paramsOf(v, v.Role, v.Scalar, v.Known);
    const done = handshake(line, v.Role, params);
    for (const frame of v.In) line.receive(unhex(frame));
    queueMicrotask(() => line.onclose?.({})); // nothing comes after the last frame
    await assert.rejects(done, { name: "SealError", failure: v.Failure });
    assert.deepEqual(line.sent.map(hex), v.Out);
    assert.equal(params.tries.used, v.Wrong ? 1 : 0);
  });

function frameOf(text: string) {
  const buffer = new FrameBuffer();
  buffer.push(unhex(text));
  const frame = buffer.next();
  assert.ok(frame);
  return frame;
}

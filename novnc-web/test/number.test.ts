import assert from "node:assert/strict";
import { test } from "node:test";
import { drawNumber, grouped, parseEntry, parseNumber, randomBelow, spoken } from "../src/common/number.ts";

test("numbers are read as people type them", () => {
  for (const typed of [
    "482193057",
    "482 193 057",
    " 482-193-057 ",
    "482.193.057",
    "ID:482193057",
    "id: 482 193 057",
    "482\u2013193\u00a0057",
  ])
    assert.equal(parseNumber(typed), "482193057", typed);
});

test("what is no number is refused", () => {
  for (const typed of [
    "",
    "48219305",
    "4821930570",
    "082193057",
    "999999999",
    "48219305a",
    "<b>482193057",
    "٤٨٢١٩٣٠٥٧",
    " ".repeat(50) + "482193057",
  ])
    assert.equal(parseNumber(typed), "", typed);
});

test("numbers are shown in groups and read digit by digit", () => {
  assert.equal(grouped("482193057"), "482 193 057");
  assert.equal(spoken("482193057"), "4 8 2 1 9 3 0 5 7");
});

test("a drawn number begins with the place", () => {
  for (let i = 0; i < 1000; i++) assert.match(drawNumber("4821"), /^4821[0-9]{5}$/);
});

test("drawing prefers nothing", () => {
  // 2^32 is not a multiple of 100 000, so values in the last, incomplete interval are drawn
  // again.
  const draws = [2 ** 32 - 1, 4_294_900_000, 4_294_899_999];
  assert.equal(
    randomBelow(100_000, () => draws.shift()!),
    99_999,
  );
  const seen = new Set(Array.from({ length: 500 }, () => randomBelow(5)));
  assert.equal(seen.size, 5);
});

test("a gateway may stand behind the number", () => {
  for (const [typed, number, gateway] of [
    ["482 193 057", "482193057", ""],
    ["482 193 057@support.example.com", "482193057", "support.example.com"],
    [" 482-193-057 @ support.example.com:8443 ", "482193057", "support.example.com:8443"],
  ])
    assert.deepEqual(parseEntry(typed!), { number, gateway });
  for (const typed of ["", "@", "@support.example.com", "482193057@", "48219305@a.example", "482193057@" + "a".repeat(400)])
    assert.equal(parseEntry(typed), null, typed);
});

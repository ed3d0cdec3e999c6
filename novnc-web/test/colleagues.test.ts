// The colleagues whom an advisor brings into a session.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Colleagues, type ColleagueControl } from "../src/advisor/colleagues.ts";
import { readColleagues, readMay } from "../src/common/colleagues.ts";

function rig(known: string[] = ["bert"]) {
  const said: string[] = [];
  const gateway = {
    colleagues: async () => known.map((account) => ({ account, name: account.toUpperCase(), company: "" })),
    admit: async (place: string, account: string) => {
      said.push(`admit ${place} ${account}`);
      if (!known.includes(account)) throw new Error("no colleague");
      return { account, name: account.toUpperCase(), company: "" };
    },
    expel: async (place: string, account: string) => void said.push(`expel ${place} ${account}`),
  };
  const control: ColleagueControl = {
    askColleague: (who, may) => void said.push(`ask ${who.name} ${may}`),
    dropColleague: (account) => void said.push(`drop ${account}`),
    passControl: (account) => void said.push(`control ${account}`),
    passSession: (account) => void said.push(`session ${account}`),
  };
  const colleagues = new Colleagues("4821", gateway, () => {});
  colleagues.connect(control);
  return { colleagues, said };
}

test("the gateway is asked before the customer, and the number is for this session", async () => {
  const { colleagues, said } = rig();
  await colleagues.ask("bert", "see");
  assert.deepEqual(said, ["admit 4821 bert", "ask BERT see"]);
  colleagues.take({ account: "bert", stage: "expected", number: "482167890", why: "" });
  assert.equal(colleagues.list[0]?.number, "482167890");
  colleagues.take({ account: "bert", stage: "expected", number: "999967890", why: "" });
  assert.equal(colleagues.list[0]?.number, "");
});

test("nobody is asked for an account that the gateway does not admit", async () => {
  const { colleagues, said } = rig();
  await colleagues.ask("eve", "see");
  assert.deepEqual(said, ["admit 4821 eve"]);
  assert.deepEqual(
    colleagues.list.map((i) => [i.account, i.stage, i.why]),
    [["eve", "gone", "gateway"]],
  );
});

test("a colleague who is gone is no longer admitted", async () => {
  const { colleagues, said } = rig();
  await colleagues.ask("bert", "control");
  colleagues.take({ account: "bert", stage: "here", number: "", why: "" });
  colleagues.take({ account: "bert", stage: "gone", number: "", why: "removed" });
  assert.equal(said.at(-1), "expel 4821 bert");
  for (let i = 0; i < 100; i++) colleagues.take({ account: "x" + i, stage: "here", number: "", why: "" });
  assert.ok(colleagues.list.length <= 10);
});

test("a list of colleagues is bounded, and an unknown word counts as the most", () => {
  const item = (name: unknown) => ({ name, display: "B", company: "", for: "odd", here: true });
  assert.deepEqual(readColleagues([item(7), item(""), item("b")]), [
    { account: "b", name: "B", company: "", may: "control", here: true, leads: false },
  ]);
  assert.equal(readColleagues(Array.from({ length: 50 }, (_, i) => item("b" + i))).length, 3);
  assert.equal(readColleagues("no list").length, 0);
  assert.equal(readMay(null), "control");
});

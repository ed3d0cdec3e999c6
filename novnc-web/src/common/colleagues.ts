// Colleagues: tunnel/PROTOCOL.md, section 7c.

import { colleagueMay, maxColleagues, type Colleague as Sent, type ColleagueMay, type Person } from "../protocol_gen.ts";
import { asFields, flag, list, oneOf, text } from "./fields.ts";

/** An advisor, as the gateway names him. */
export interface Who {
  /** The account's name, which is unique. */
  account: string;
  /** The name for people. */
  name: string;
  company: string;
}

/** A second advisor whom the customer has admitted. */
export interface Colleague extends Who {
  may: ColleagueMay;
  /** He has come, and is connected. */
  here: boolean;
  /** He is connected with a page or program that can lead the session. */
  leads: boolean;
}

/** Reads an advisor; null if he has no account. */
export function readWho(value: unknown): Who | null {
  const f = asFields<Person>(value);
  const account = text(f?.["name"], 80);
  return account === "" ? null : { account, name: text(f?.["display"], 80) || account, company: text(f?.["company"], 80) };
}

/** Reads what a colleague may do. An unknown word counts as the most. */
export function readMay(value: unknown): ColleagueMay {
  return oneOf(value, colleagueMay, "control");
}

/** That word as the texts have it. */
export function mayWord(may: ColleagueMay): "see" | "point" | "other" {
  return may === "control" ? "other" : may;
}

export function readColleagues(value: unknown): Colleague[] {
  return list(value, maxColleagues).flatMap((item) => {
    const f = asFields<Sent>(item);
    const who = readWho(f);
    return f && who ? [{ ...who, may: readMay(f["for"]), here: flag(f["here"]), leads: flag(f["leads"]) }] : [];
  });
}

import { maxFileName } from "../protocol_gen.ts";

/** How many characters at the end of a name stay: they tell what kind of file it is. */
const kept = 12;

/** A name with at most so many characters: its begin and its end. At least 14 are possible. */
export function shortName(name: string, characters: number): string {
  const all = [...name];
  if (all.length <= characters) return name;
  return all.slice(0, characters - kept - 1).join("") + "…" + all.slice(-kept).join("");
}

/** A long name loses characters in front of its ending. */
export function cutName(name: string): string {
  const all = [...name];
  const dot = all.lastIndexOf(".");
  const ending = dot > 0 && all.length - dot < 20 ? all.slice(dot) : [];
  return all.length <= maxFileName ? name : all.slice(0, maxFileName - ending.length).join("") + ending.join("");
}

/** How many characters at the end of a name stay: they tell what kind of file it is. */
const kept = 12;

/** A name with at most so many characters: its begin and its end. At least 14 are possible. */
export function shortName(name: string, characters: number): string {
  const all = [...name];
  if (all.length <= characters) return name;
  return all.slice(0, characters - kept - 1).join("") + "…" + all.slice(-kept).join("");
}

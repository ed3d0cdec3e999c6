import type { CommonTexts } from "../texts_gen/common.ts";

/** The values of the unit in "common.size", each a thousand times the one before. */
const units = ["b", "k", "m", "g", "other"] as const;

/**
 * A number of bytes in words, such as "2.3 MB": as many as 999 of the unit, with one decimal below
 * 10. It is the same as Size of the Go package i18n.
 */
export function sizeText(bytes: number, common: CommonTexts): string {
  let unit = 0;
  let n = Math.max(0, bytes);
  for (; n >= 999.5 && unit < units.length - 1; unit++) n /= 1000;
  if (unit === 0 || n >= 9.95) return common.size(units[unit]!, String(Math.floor(n + 0.5)));
  const tenths = Math.floor(n * 10 + 0.5);
  return common.size(units[unit]!, `${Math.floor(tenths / 10)}${common.decimalPoint}${tenths % 10}`);
}

import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { ApiError } from "./api.ts";

/** Explains to the advisor why a request failed. */
export function problemWords(e: unknown, t: AdvisorTexts): string {
  if (!(e instanceof ApiError)) return t.failed(String(e));
  switch (e.code) {
    case "limit":
      return t.sessions.limit;
    case "network":
      return t.unreachable;
    case "no_place":
      return t.sessions.noPlace;
  }
  return t.failed(e.message);
}

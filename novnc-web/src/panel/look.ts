import type { Mood } from "../common/favicon.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import type { Snapshot } from "./snapshot.ts";

/** The tab's title and icon: they say the state while another tab is in front. */
export function lookOf(s: Snapshot, t: PanelTexts): { title: string; mood: Mood } {
  if (s.question) return { title: `❓ ${t.title.question}`, mood: "question" };
  switch (s.phase) {
    case "number":
      return { title: t.title.number, mood: "idle" };
    case "connecting":
      return { title: t.title.connecting, mood: "waiting" };
    case "away":
      return { title: t.title.away, mood: "waiting" };
    case "ended":
      return { title: t.title.ended, mood: "over" };
  }
  if (s.paused) return { title: t.title.paused, mood: "waiting" };
  if (s.rights.control) return { title: t.title.controlled, mood: "controlled" };
  if (s.direction === "customer") return { title: t.title.seen, mood: "seen" };
  if (s.rights.show) return { title: t.title.showing, mood: "joined" };
  return { title: t.title.joined, mood: "joined" };
}

import { rightNames } from "../common/rights.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Happened {
  time: Date;
  words: string;
}

const most = 20;

/** What has happened since the page was opened, from the differences between snapshots. */
export class History {
  readonly entries: Happened[] = [];

  constructor(private readonly t: PanelTexts) {}

  update(last: Snapshot | null, s: Snapshot): void {
    if (!last) return;
    for (const words of differences(last, s, this.t)) this.entries.push({ time: new Date(), words });
    this.entries.splice(0, this.entries.length - most);
  }
}

function differences(last: Snapshot, s: Snapshot, t: PanelTexts): string[] {
  const found: string[] = [];
  if (s.phase === "joined" && last.phase !== "joined") found.push(last.phase === "away" ? t.happened.back : t.happened.joined);
  if (s.phase === "away" && last.phase === "joined") found.push(t.happened.away);
  if (last.advisor && s.advisor && s.advisor.name !== last.advisor.name) found.push(t.happened.passed(s.advisor.name));
  const here = (of: Snapshot, account: string) => of.colleagues.some((c) => c.account === account && c.here);
  for (const c of s.colleagues) if (c.here && !here(last, c.account)) found.push(t.happened.came(c.name));
  for (const c of last.colleagues)
    if (c.here && !here(s, c.account) && s.advisor?.name !== c.name) found.push(t.happened.left(c.name));
  if (s.paused !== last.paused) found.push(s.paused ? t.happened.paused : t.happened.resumed);
  for (const right of rightNames)
    if (s.rights[right] !== last.rights[right])
      found.push(s.rights[right] ? t.happened.given(t.wish[right]) : t.happened.ended(t.wish[right]));
  return found;
}

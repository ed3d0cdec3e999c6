import { h, setIcon, setText, show, type IconName } from "../common/dom.ts";
import type { Right } from "../common/rights.ts";
import { sharePart, type Share } from "../common/shares.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { Session } from "./session.ts";

type Tone = "good" | "wait" | "bad" | "plain" | "loud";

interface Fact {
  icon: IconName;
  tone: Tone;
  words: string;
}

const names = ["line", "customer", "direction", "control", "clipboard", "encryption"] as const;
type Name = (typeof names)[number];

/** Shows the state of the line in words and pictures. Always visible. */
export class Facts {
  readonly root: HTMLElement;
  private readonly places: Record<Name, { item: HTMLElement; icon: HTMLElement; words: HTMLElement }>;

  constructor(
    private readonly session: Session,
    private readonly t: AdvisorTexts,
    private readonly clock: (d: Date) => string,
  ) {
    const place = () => ({ item: h("div", { class: "fact" }), icon: h("span"), words: h("dd") });
    this.places = {
      line: place(),
      customer: place(),
      direction: place(),
      control: place(),
      clipboard: place(),
      encryption: place(),
    };
    for (const name of names) {
      const { item, icon, words } = this.places[name];
      words.dataset["testid"] = "fact-" + name;
      item.append(icon, h("dt", {}, t.facts.label[name]), words);
    }
    this.places.encryption.item.title = t.facts.compareHint;
    this.root = h(
      "dl",
      { class: "facts", "aria-label": t.facts.heading, "aria-live": "polite" },
      ...names.map((n) => this.places[n].item),
    );
  }

  update(): void {
    const facts: Record<Name, Fact> = {
      line: this.line(),
      customer: this.customer(),
      direction: this.direction(),
      control: this.right("control", "hand"),
      clipboard: this.right("clipboard", "clipboard"),
      encryption: this.encryption(),
    };
    for (const name of names) {
      const { item, icon, words } = this.places[name];
      const fact = facts[name];
      item.dataset["tone"] = fact.tone;
      setIcon(icon, fact.icon);
      setText(words, fact.words);
    }
    // Do not offer what the customer's program cannot do.
    show(this.places.control.item, !this.session.canAsk || this.session.can("control"));
    show(this.places.clipboard.item, !this.session.canAsk || this.session.can("clipboard"));
    // Show no encryption state for a line that does not exist.
    show(this.places.encryption.item, this.session.canAsk && this.session.compare !== "");
  }

  private line(): Fact {
    const { session, t } = this;
    if (session.line !== "up") return { icon: "broken", tone: "bad", words: t.facts.lineDown };
    if (session.phase === "away") return { icon: "broken", tone: "wait", words: t.facts.customerAway };
    return { icon: "line", tone: "good", words: t.facts.lineUp };
  }

  private customer(): Fact {
    const { customer } = this.session;
    if (!customer) return { icon: "person", tone: "wait", words: this.t.facts.customerUnknown };
    if (customer.browser) {
      const system = customer.system && ` (${customer.system})`;
      return { icon: "person", tone: "plain", words: this.t.facts.customerBrowser + system };
    }
    const who = [customer.user, customer.host].filter(Boolean).join(" @ ");
    return { icon: "person", tone: "plain", words: customer.system ? `${who} (${customer.system})` : who };
  }

  private direction(): Fact {
    const { t } = this;
    const { direction, paused } = this.session.shared;
    if (!this.session.canAsk) return { icon: "hidden", tone: "wait", words: t.facts.unknown };
    if (paused) return { icon: "pause", tone: "wait", words: t.facts.paused };
    if (direction === "customer") return { icon: "eye", tone: "good", words: shownWords(this.session.shared.share, t) };
    if (direction === "advisor") return { icon: "eye", tone: "loud", words: t.facts.directionAdvisor };
    return { icon: "hidden", tone: "plain", words: t.facts.directionNone };
  }

  private right(right: Right, icon: IconName): Fact {
    const { session, t } = this;
    if (!session.canAsk) return { icon, tone: "wait", words: t.facts.unknown };
    if (session.shared.rights[right]) {
      const since = session.since[right] ?? new Date();
      return { icon, tone: right === "control" ? "loud" : "good", words: t.facts.given(this.clock(since)) };
    }
    if (session.shared.asked.includes(right)) return { icon, tone: "wait", words: t.facts.asked };
    return { icon, tone: "plain", words: t.facts.notGiven };
  }

  private encryption(): Fact {
    const { t, session } = this;
    const words = t.facts.sealed(session.compare);
    const lines = session.shared.viewers.map((v) => v.line);
    const warning = lines.includes("gateway") ? t.facts.gatewayViewer : lines.includes("partly") ? t.facts.partlyViewer : "";
    return warning ? { icon: "warning", tone: "wait", words: `${words}. ${warning}` } : { icon: "lock", tone: "good", words };
  }
}

function shownWords(share: Share | null, t: AdvisorTexts): string {
  if (!share) return t.facts.directionCustomer("other", "");
  const [kind, names] = sharePart(share);
  if (kind === "monitor" && names) return t.facts.directionMonitor(names);
  return t.facts.directionCustomer(kind === "other" ? "program" : kind, names);
}

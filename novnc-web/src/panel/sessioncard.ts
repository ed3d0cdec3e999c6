import { button, h, setIcon, setText, show, type IconName } from "../common/dom.ts";
import { oneOf } from "../common/fields.ts";
import type { Right, Viewer, Wish } from "../common/rights.ts";
import { sharePart } from "../common/shares.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import type { Snapshot } from "./snapshot.ts";

const doors = ["page", "helper", "vnc", "repeater", "websockify", "other"] as const;

export interface Actions {
  take(right: Right): void;
  pause(on: boolean): void;
  silence(right: Wish, on: boolean): void;
  end(): void;
}

/**
 * Shown while connected: the advisor, what the advisor can do at this moment, and how to stop it.
 */
export class SessionCard {
  readonly root: HTMLElement;
  private readonly nowIcon = h("span");
  private readonly nowWords = h("h1", { tabindex: "-1", "data-testid": "now" });
  private readonly nowMore = h("p", { "data-testid": "now-clipboard" });
  private readonly now = h("div", { class: "now", role: "status" }, this.nowIcon, h("div", {}, this.nowWords, this.nowMore));
  private readonly who = h("strong", { "data-testid": "advisor" });
  private readonly lineIcon = h("span");
  private readonly line = h("span", { "data-testid": "line" });
  private readonly lineMeans = h("p", { class: "muted", "data-testid": "line-means" });
  private readonly compare = h("strong", { "data-testid": "compare" });
  private readonly compareRow: HTMLElement;
  private readonly hands = h("p", { class: "notice", role: "status", "data-testid": "hands" });
  private readonly notice = h("p", { class: "notice", role: "status", "data-testid": "notice" });
  private readonly viewerList = h("ul", { "data-testid": "viewers" });
  private readonly viewers: HTMLElement;
  private readonly silenced = h("div", { "data-testid": "silenced" });
  private drawn = "";
  private readonly takeControl: HTMLButtonElement;
  private readonly takeClipboard: HTMLButtonElement;
  private readonly hide: HTMLButtonElement;
  private readonly pause: HTMLButtonElement;
  private readonly endButton: HTMLButtonElement;
  private paused = false;

  constructor(
    private readonly t: PanelTexts,
    private readonly common: CommonTexts,
    private readonly actions: Actions,
  ) {
    this.compareRow = h("p", {}, this.compare);
    this.viewers = h("div", {}, h("h3", {}, t.viewers), this.viewerList);
    this.takeControl = button("take-control", "", () => actions.take("control"), { class: "danger big wide" });
    this.takeClipboard = button("take-clipboard", t.takeClipboard, () => actions.take("clipboard"));
    this.hide = button("take-view", t.hide, () => actions.take("view"));
    this.pause = button("pause", t.pause, () => actions.pause(!this.paused));
    this.endButton = button("end", t.end, () => actions.end(), { class: "danger" });
    this.root = h(
      "section",
      { class: "card session-card", "data-testid": "session" },
      this.now,
      this.hands,
      this.notice,
      this.takeControl,
      h(
        "div",
        { class: "row actions", role: "group", "aria-label": t.actions },
        this.hide,
        this.takeClipboard,
        this.pause,
        this.endButton,
      ),
      h("p", {}, t.with + " ", this.who),
      h("p", { class: "line" }, this.lineIcon, " ", this.line),
      this.lineMeans,
      this.compareRow,
      this.viewers,
      this.silenced,
    );
  }

  update(s: Snapshot, who: string): void {
    const { t, common } = this;
    this.paused = s.paused;
    const now = nowOf(s, who, t);
    this.now.dataset["state"] = now.state;
    setIcon(this.nowIcon, now.icon);
    setText(this.nowWords, now.words);
    const clipboard = s.rights.clipboard && s.phase === "joined" && !s.paused;
    setText(this.nowMore, clipboard ? t.now.clipboard : "");
    show(this.nowMore, clipboard);
    setText(this.hands, t.now.hands(who));
    show(this.hands, s.hands && s.rights.control && s.phase === "joined");
    // If nothing is seen, there is nothing to hide.
    const notice = s.rights.view && s.phase === "joined" && !s.paused ? s.notice : "";
    setText(this.notice, notice && noticeWords(notice, s.key, t));
    show(this.notice, notice !== "");
    setText(this.who, s.advisor?.company ? `${who}, ${s.advisor.company}` : who);
    // Show nothing about a line that does not exist.
    const line = s.phase === "joined" ? s.line : "";
    show(this.line.parentElement!, line !== "");
    setIcon(this.lineIcon, line === "sealed" ? "lock" : "warning");
    setText(this.line, line && common.line[line]);
    this.line.parentElement!.dataset["line"] = line;
    const means = line === "gateway" ? t.toGatewayMeans(s.gateway) : line === "partly" ? t.partlyMeans : "";
    setText(this.lineMeans, means);
    show(this.lineMeans, means !== "");
    // The code is meaningful only for a line without a gateway in it.
    show(this.compareRow, line !== "" && line !== "gateway" && s.compare !== "");
    setText(this.compare, t.compare(s.compare));
    show(this.takeControl, s.rights.control);
    setText(this.takeControl, s.key ? t.takeControlKey(s.key) : t.takeControl);
    show(this.takeClipboard, s.rights.clipboard);
    show(this.hide, s.rights.view);
    show(this.pause, s.rights.view || s.paused);
    setText(this.pause, s.paused ? t.resume : t.pause);
    this.viewerList.replaceChildren(...s.viewers.map((v) => h("li", { "data-line": v.line }, this.viewerWords(v))));
    show(this.viewers, s.viewers.length > 0);
    this.drawSilenced(s.silenced);
  }

  private viewerWords({ door, from, line, code }: Viewer): string {
    const { t, common } = this;
    const how = [common.line[line], ...(code ? [t.viewerCode(code)] : [])].join(", ");
    return `${t.viewer(oneOf(door, doors, "other"))}${from && ` (${from})`} – ${how}`;
  }

  /** Redraws only if it changed, so that a click does not miss. */
  private drawSilenced(rights: Wish[]): void {
    const { t } = this;
    const now = rights.join();
    show(this.silenced, now !== "");
    if (now === this.drawn) return;
    this.drawn = now;
    const again = (right: Wish) =>
      button("ask-again", t.askAgain, () => this.actions.silence(right, false), {
        "aria-label": `${t.askAgain}: ${t.wish[right]}`,
        "data-right": right,
      });
    this.silenced.replaceChildren(
      h("h3", {}, t.silenced),
      h("ul", { class: "shared-apps" }, ...rights.map((right) => h("li", {}, h("strong", {}, t.wish[right]), again(right)))),
    );
  }

  focus(): void {
    this.nowWords.focus();
  }
}

function noticeWords(notice: "hidden" | "shielded", key: string, t: PanelTexts): string {
  if (notice === "hidden") return t.now.hidden;
  return key ? t.now.shieldedKey(key) : t.now.shielded;
}

interface Now {
  state: "nothing" | "seen" | "controlled" | "paused";
  icon: IconName;
  words: string;
}

function nowOf(s: Snapshot, who: string, t: PanelTexts): Now {
  if (s.phase === "away") return { state: "paused", icon: "broken", words: t.now.away };
  if (s.paused) return { state: "paused", icon: "pause", words: t.now.paused };
  if (s.direction === "advisor" || s.rights.show) return { state: "nothing", icon: "eye", words: t.now.advisor(who) };
  if (s.rights.control) return { state: "controlled", icon: "hand", words: t.now.controlled(who, ...sharePart(s.share)) };
  if (s.direction === "customer") return { state: "seen", icon: "eye", words: t.now.seen(who, ...sharePart(s.share)) };
  if (s.rights.view) return { state: "seen", icon: "eye", words: t.now.allowed(who) };
  return { state: "nothing", icon: "hidden", words: t.now.nothing };
}

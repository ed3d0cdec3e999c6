import { copyText } from "../common/copy.ts";
import { button, h, setText } from "../common/dom.ts";
import { setFavicon } from "../common/favicon.ts";
import { parseFields, text } from "../common/fields.ts";
import { brand, languageSwitch } from "../common/header.ts";
import { preferredLanguage } from "../common/language.ts";
import { parsePlace } from "../common/number.ts";
import { canCapture } from "../share/capture.ts";
import { commonTexts } from "../texts_gen/common.ts";
import { customerTexts, type CustomerTexts } from "../texts_gen/customer.ts";
import { downloadArea, type Offer } from "./downloads.ts";
import { picture } from "./pictures.ts";
import { processorOf, readDownloads, systemOf } from "./systems.ts";

const maxInfo = 256 * 1024;

/** The customer's page: it explains and offers the program. It sends nothing. */
class CustomerPage {
  private readonly body = document.getElementById("page")!;
  private gateway = location.hostname;
  private offer: Offer = "loading";
  private place = "";
  private processor = "";
  private sharing = false;

  async start(): Promise<void> {
    this.readFragment();
    window.addEventListener("hashchange", () => {
      this.readFragment();
      this.render();
    });
    setFavicon("idle");
    this.render();
    await this.load();
    this.render();
  }

  /**
   * Reads the place from an invitation link: #p=4821. The advisor dictates the rest of the number,
   * which this page must not learn.
   */
  private readFragment(): void {
    this.place = parsePlace(new URLSearchParams(location.hash.slice(1)).get("p") ?? "");
  }

  private async load(): Promise<void> {
    try {
      this.processor = await processorOf(navigator);
      const response = await fetch("/api/v1/info", { signal: AbortSignal.timeout(20_000) });
      const info = response.ok ? parseFields(await response.text(), maxInfo) : null;
      if (!info) throw new Error("no list");
      this.gateway = text(info["name"], 80) || this.gateway;
      this.offer = readDownloads(info);
    } catch {
      this.offer = "unreachable";
    }
  }

  private render(): void {
    if (this.sharing) return;
    const language = preferredLanguage();
    const t = customerTexts[language];
    const focused = document.activeElement?.id;
    document.documentElement.lang = language;
    document.title = `${t.title} – ${this.gateway}`;
    this.body.replaceChildren(
      h(
        "header",
        { class: "top" },
        brand(this.gateway),
        h("span", { class: "gap" }),
        languageSwitch(commonTexts[language].language, () => this.render()),
      ),
      h(
        "main",
        { class: "help" },
        h("h1", {}, t.heading),
        h("p", { class: "lead" }, t.lead),
        ...(this.place ? [this.invitation(t)] : []),
        h("h2", {}, t.stepsHeading),
        h(
          "ol",
          { class: "steps big-steps" },
          step("download", h("h3", {}, t.get), downloadArea(this.offer, this.processor, t, language)),
          step("open", h("h3", {}, t.start), h("p", {}, this.startText(t)), this.startLine(t)),
          step("allow", h("h3", {}, t.allow), h("p", {}, t.allowText)),
        ),
        this.shareHere(t),
        h(
          "aside",
          { class: "card", "aria-label": t.calm.heading },
          h("h2", {}, t.calm.heading),
          h("ul", {}, ...[t.calm.number, t.calm.yes, t.calm.key].map((p) => h("li", {}, p))),
        ),
        h("p", {}, h("a", { href: "/advisor", "data-testid": "advisor-link" }, t.advisor)),
      ),
    );
    if (focused) document.getElementById(focused)?.focus();
  }

  /** Shows the first four digits of the number to a customer with an advisor's link. */
  private invitation(t: CustomerTexts): HTMLElement {
    return h(
      "section",
      { class: "card invited", "aria-labelledby": "invited-heading" },
      h("h2", { id: "invited-heading" }, t.invited),
      h("p", { class: "number", "data-testid": "invited-place" }, `${this.place} …`),
      h("p", { class: "muted" }, t.invitedHint),
    );
  }

  private startText(t: CustomerTexts): string {
    const system = systemOf(navigator.userAgent);
    return t.startText[system === "linux" || system === "darwin" ? system : "windows"];
  }

  /** Offers sharing without a program: this page itself shows what the customer chooses. */
  private shareHere(t: CustomerTexts): HTMLElement {
    const open = button("share-here", t.here.open, () => void this.share(), { class: "big" });
    const card = h(
      "section",
      { class: "card share-here", "aria-labelledby": "share-here-heading" },
      h("h2", { id: "share-here-heading" }, t.here.heading),
      h("p", {}, t.here.text),
      h("p", { class: "muted" }, t.here.limit),
      h("div", { class: "row" }, open),
    );
    card.hidden = !canCapture();
    return card;
  }

  private async share(): Promise<void> {
    const { SharingPage } = await import("./sharing/page.ts");
    this.sharing = true;
    new SharingPage(this.body, this.gateway, preferredLanguage(), this.place, () => {
      this.sharing = false;
      this.render();
    });
  }

  /**
   * Shows the number with the gateway's address, for a program whose file name has lost it: the
   * program is the same file for every gateway.
   */
  private startLine(t: CustomerTexts): HTMLElement {
    const line = `${this.place}…@${location.host}`;
    const note = h("span", { class: "muted", role: "status" });
    const copy = async () => {
      if (await copyText(line)) setText(note, commonTexts[preferredLanguage()].copied);
    };
    return h(
      "details",
      { class: "start-line" },
      h("summary", {}, t.startLine),
      h("p", { class: "muted" }, t.startLineHow),
      h("code", { "data-testid": "start-line" }, line),
      h(
        "div",
        { class: "row" },
        button("copy-line", t.copy, () => void copy()),
        note,
      ),
    );
  }
}

function step(drawn: Parameters<typeof picture>[0], ...content: HTMLElement[]): HTMLElement {
  return h("li", {}, picture(drawn), h("div", { class: "step-text" }, ...content));
}

void new CustomerPage().start();

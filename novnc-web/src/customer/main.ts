import { render } from "lit";
import { copyText } from "../common/copy.ts";
import { setFavicon } from "../common/favicon.ts";
import { parseFields, text } from "../common/fields.ts";
import { preferredLanguage, rememberLanguage } from "../common/language.ts";
import { parsePlace } from "../common/number.ts";
import { canCapture } from "../share/capture.ts";
import { customerTexts } from "../texts_gen/customer.ts";
import { processorOf, readDownloads, sortDownloads, systemOf, type Offer } from "./systems.ts";
import { startView, type StartActions } from "./view.ts";

const maxInfo = 256 * 1024;

/** The customer's page: it explains and offers the program. It sends nothing. */
class StartPage {
  private readonly body = document.getElementById("page")!;
  /** Holds everything. While the page shares, the panel takes its place in the body. */
  private readonly root = document.createElement("div");
  private readonly system = systemOf(navigator.userAgent);
  private gateway = location.hostname;
  private offer: Offer = "loading";
  private place = "";
  private retried = false;
  private copied = false;
  private sharing: "" | "opening" | "open" = "";

  async start(): Promise<void> {
    this.root.className = "contents";
    this.body.replaceChildren(this.root);
    this.readFragment();
    window.addEventListener("hashchange", () => {
      this.readFragment();
      this.draw();
    });
    await this.load();
  }

  /**
   * Reads the place from an invitation link: #p=4821. The advisor dictates the rest of the number,
   * which this page must not learn.
   */
  private readFragment(): void {
    this.place = parsePlace(new URLSearchParams(location.hash.slice(1)).get("p") ?? "");
    this.copied = false;
  }

  private async load(): Promise<void> {
    this.offer = "loading";
    this.draw();
    try {
      const processor = await processorOf(navigator);
      const response = await fetch("/api/v1/info", { signal: AbortSignal.timeout(20_000) });
      const info = response.ok ? parseFields(await response.text(), maxInfo) : null;
      if (!info) throw new Error("no list");
      this.gateway = text(info["name"], 80) || this.gateway;
      this.offer = sortDownloads(readDownloads(info), this.system, navigator.userAgent, processor);
    } catch {
      this.offer = "unreachable";
    }
    this.draw();
  }

  private async retry(): Promise<void> {
    if (this.offer !== "unreachable") return;
    this.retried = true;
    await this.load();
    // The button that was pressed is gone: go on where the download is.
    if (document.activeElement === document.body) this.focus("download");
  }

  private focus(testid: string): void {
    this.root.querySelector<HTMLElement>(`[data-testid="${testid}"]`)?.focus();
  }

  private draw(): void {
    if (this.sharing === "open") return;
    const language = preferredLanguage();
    const t = customerTexts[language];
    document.documentElement.lang = language;
    document.title = `${t.title} – ${this.gateway}`;
    setFavicon("idle");
    const { gateway, place, system, offer, copied } = this;
    const canRetry = offer === "unreachable" || (offer === "loading" && this.retried);
    render(
      startView(
        { language, gateway, host: location.host, place, system, offer, canRetry, canShare: canCapture(), copied },
        this.actions,
      ),
      this.root,
    );
  }

  private readonly actions: StartActions = {
    speak: (language) => {
      rememberLanguage(language);
      this.draw();
    },
    retry: () => void this.retry(),
    share: () => void this.share(),
    copy: (line) => void this.copy(line),
  };

  private async copy(line: string): Promise<void> {
    this.copied = await copyText(line);
    this.draw();
  }

  private async share(): Promise<void> {
    if (this.sharing !== "") return;
    this.sharing = "opening";
    const part = await import("./sharing/page.ts").catch(() => null);
    if (!part) return location.reload(); // after an update of the gateway this page's parts have other names
    this.sharing = "open";
    new part.SharingPage(this.body, this.gateway, preferredLanguage(), this.place, () => {
      this.sharing = "";
      this.body.replaceChildren(this.root);
      this.draw();
      this.focus("share-here");
    });
  }
}

void new StartPage().start();

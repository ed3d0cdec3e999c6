import { h } from "../common/dom.ts";
import type { CustomerTexts } from "../texts_gen/customer.ts";
import type { Language } from "../texts_gen/languages.ts";
import { sizeText, sortDownloads, systemName, systemOf, type Download } from "./systems.ts";

/** The state of the downloads: still loading, unreachable, or a list. */
export type Offer = "loading" | "unreachable" | Download[];

/** Shows the right file first, then the others with sizes and checksums. */
export function downloadArea(offer: Offer, processor: string, t: CustomerTexts, language: Language): HTMLElement {
  const area = h("div", { class: "downloads", "data-testid": "downloads" });
  const say = (testid: string, words: string) => area.append(h("p", { "data-testid": testid }, words));
  const system = systemOf(navigator.userAgent);
  if (system === "phone") {
    say("download-phone", t.phone);
    return area;
  }
  if (offer === "loading" || offer === "unreachable") {
    say("download-" + offer, t.offer[offer]);
    return area;
  }
  if (offer.length === 0) {
    say("download-none", t.noDownloads);
    area.append(h("p", { class: "muted" }, t.noDownloadsAsk));
    return area;
  }
  const { fitting, others } = sortDownloads(offer, system, navigator.userAgent, processor);
  if (fitting) {
    area.append(
      h(
        "a",
        { class: "button primary big", href: address(fitting), download: "", "data-testid": "download" },
        t.download(systemName(fitting.os)),
      ),
      h("p", {}, t.getFor(systemName(fitting.os))),
      h("details", { class: "others" }, h("summary", {}, t.check), details(fitting, t, language)),
    );
  } else {
    say("download-notforthis", t.notForThis);
  }
  if (others.length > 0) area.append(otherFiles(others, t, language, !fitting));
  return area;
}

function details(d: Download, t: CustomerTexts, language: Language): HTMLElement {
  return h(
    "dl",
    { class: "file" },
    h("dt", {}, t.file),
    h("dd", { "data-testid": "file-name" }, d.name + ", " + sizeText(d.size, language)),
    ...(d.os === "windows"
      ? [h("dt", {}, t.signature), h("dd", { "data-testid": "signer" }, d.signer ? t.signedBy(d.signer) : t.unsigned)]
      : []),
    h("dt", { title: t.sumHint }, t.sum),
    h("dd", {}, h("code", { "data-testid": "sha256" }, d.sha256)),
  );
}

function otherFiles(files: Download[], t: CustomerTexts, language: Language, open: boolean): HTMLElement {
  return h(
    "details",
    { class: "others", "data-testid": "downloads-others", open },
    h("summary", {}, t.others),
    h(
      "ul",
      {},
      ...files.map((d) =>
        h(
          "li",
          {},
          h("a", { href: address(d), download: "" }, [systemName(d.os), d.arch].filter(Boolean).join(" ") || d.file),
          details(d, t, language),
        ),
      ),
    ),
  );
}

function address(d: Download): string {
  return "/download/" + encodeURIComponent(d.file);
}

import { h } from "./dom.ts";
import { languageNames, languages, type Language } from "../texts_gen/languages.ts";
import { preferredLanguage, rememberLanguage } from "./language.ts";

/** The product's logo, a ship's wheel; the style sheet draws it. */
export function brand(name: string): HTMLElement {
  return h(
    "span",
    { class: "brand" },
    h("span", { class: "brand-mark", "aria-hidden": "true" }),
    h("span", { "data-testid": "gateway-name" }, name),
  );
}

/** A button for each language; `chosen` is called after the choice is stored. */
export function languageSwitch(label: string, chosen: (language: Language) => void): HTMLElement {
  const current = preferredLanguage();
  const choice = (language: Language) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        lang: language,
        "data-testid": "language-" + language,
        "aria-pressed": String(language === current),
        onclick: () => {
          rememberLanguage(language);
          chosen(language);
        },
      },
      languageNames[language],
    );
  return h("div", { class: "languages", role: "group", "aria-label": label }, ...languages.map(choice));
}

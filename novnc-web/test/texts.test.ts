// The generated tables: plurals and selects in each language, and which language a page uses.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browserLanguage, preferredLanguage, rememberLanguage } from "../src/common/language.ts";
import { sharePart, type Share } from "../src/common/shares.ts";
import { advisorTexts } from "../src/texts_gen/advisor.ts";
import { languages, type Language } from "../src/texts_gen/languages.ts";
import { panelTexts } from "../src/texts_gen/panel.ts";
import { recordTexts } from "../src/texts_gen/record.ts";
import "./fakedom.ts";

test("a plural takes the form of its language", () => {
  const wait = (l: Language, n: number) => panelTexts[l].number.error.rate(n).replace(/.* (?=\d)/, "");
  const want: Partial<Record<Language, string[]>> = {
    en: ["0 seconds.", "1 second.", "2 seconds."],
    de: ["0 Sekunden.", "1 Sekunde.", "2 Sekunden."],
    fr: ["0 seconde.", "1 seconde.", "2 secondes."],
  };
  for (const l of languages)
    if (want[l]) {
      assert.deepEqual(
        [0, 1, 2].map((n) => wait(l, n)),
        want[l],
        l,
      );
    }
});

test("a plural can be a whole sentence", () => {
  assert.equal(recordTexts.en.more(1), "(1 further line was left out)");
  assert.equal(recordTexts.de.more(2), "(2 weitere Zeilen wurden weggelassen)");
  assert.equal(recordTexts.fr.more(0), "(0 autre ligne a été omise)");
});

test("a select takes the sentence of its word", () => {
  const seen = (l: Language) =>
    (["screen", "monitor", "apps", "other"] as const).map((kind) => panelTexts[l].now.seen("Anna", kind, "Firefox"));
  const want: Partial<Record<Language, string[]>> = {
    en: [
      "Anna can see your whole screen.",
      "Anna can see one of your monitors.",
      "Anna can see only Firefox.",
      "Anna can see only the chosen program.",
    ],
    de: [
      "Anna sieht Ihren ganzen Bildschirm.",
      "Anna sieht einen Ihrer Monitore.",
      "Anna sieht nur Firefox.",
      "Anna sieht nur das gewählte Programm.",
    ],
    fr: [
      "Anna voit tout votre écran.",
      "Anna voit un de vos moniteurs.",
      "Anna voit seulement Firefox.",
      "Anna voit seulement le programme choisi.",
    ],
  };
  for (const l of languages) if (want[l]) assert.deepEqual(seen(l), want[l], l);
});

test("a select and a plural in one sentence", () => {
  const delayed = (l: Language, n: number) => advisorTexts[l].event.delayed("control", n);
  assert.equal(delayed("en", 1), "The customer did not allow control a moment ago, and is asked again in 1 second.");
  assert.equal(delayed("de", 30), "Der Kunde hat die Steuerung gerade abgelehnt und wird in 30 Sekunden wieder gefragt.");
  assert.match(delayed("fr", 1), /commande.* dans 1 seconde\.$/);
});

test("what is shared is told by its kind and its names", () => {
  const share = (kind: Share["kind"], ...names: string[]): Share => ({ kind, monitor: 0, apps: [], names });
  assert.deepEqual(sharePart(null), ["screen", ""]);
  assert.deepEqual(sharePart(share("monitor", "HDMI-1")), ["monitor", "HDMI-1"]);
  assert.deepEqual(sharePart(share("apps", "gedit", "xterm")), ["apps", "gedit, xterm"]);
  assert.deepEqual(sharePart(share("apps")), ["other", ""]);
});

test("a page takes the chosen language, else the browser's, else English", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v) };
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
  const speak = (language: string) => Object.defineProperty(globalThis, "navigator", { value: { language }, configurable: true });
  for (const [tag, want] of [
    ["de", "de"],
    ["de-AT", "de"],
    ["FR-ca", "fr"],
    ["den", "en"],
    ["en-GB", "en"],
    ["tlh", "en"],
  ] as const) {
    speak(tag);
    assert.equal(browserLanguage(), want, tag);
    assert.equal(preferredLanguage(), want, tag);
  }
  rememberLanguage("fr");
  assert.equal(preferredLanguage(), "fr");
  kept.set("lotse-language", "tlh");
  assert.equal(preferredLanguage(), "en");
});

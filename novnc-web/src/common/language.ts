import { languages, type Language } from "../texts_gen/languages.ts";

const key = "lotse-language";

/** The language chosen with the switch, else the browser's. */
export function preferredLanguage(): Language {
  return languages.find((l) => l === localStorage.getItem(key)) ?? browserLanguage();
}

/** The browser's language, or English if there are no texts in it. */
export function browserLanguage(): Language {
  const tag = navigator.language.toLowerCase();
  const fits = (l: string) => tag === l || tag.startsWith(l + "-");
  return languages.find((l) => fits(l.toLowerCase())) ?? languages[0];
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(key, language);
}

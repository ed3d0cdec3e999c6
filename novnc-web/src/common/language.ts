export type Language = "de" | "en";

const key = "lotse-language";

/** German for those whose browser speaks it, unless the switch was used. */
export function preferredLanguage(): Language {
  const chosen = localStorage.getItem(key);
  if (chosen === "de" || chosen === "en") return chosen;
  return navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(key, language);
}

/** One page's sentences: what is missing in one language does not compile. */
export type Table<T> = Record<Language, T>;

/** Copies text, and the same as HTML; returns false if the browser does not allow that. */
export async function copyForms(text: string, html: string): Promise<boolean> {
  if (html === "" || typeof ClipboardItem === "undefined") return copyText(text);
  const form = (type: string, content: string) => ({ [type]: new Blob([content], { type }) });
  try {
    await navigator.clipboard.write([new ClipboardItem({ ...form("text/plain", text), ...form("text/html", html) })]);
    return true;
  } catch {
    return copyText(text);
  }
}

/** Copies text; returns false if the browser does not allow that. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

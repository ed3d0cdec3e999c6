import { button, h } from "../common/dom.ts";

/**
 * Asks before an action that cannot be undone. Uses the browser's own dialog: it traps the focus,
 * Escape means no, and the focus returns afterwards.
 */
export function confirmDialog(
  parent: HTMLElement,
  words: { question: string; meaning: string; yes: string; no: string },
  confirmed: () => void,
): void {
  const dialog = h("dialog", { class: "card", "aria-labelledby": "confirm-question", "data-testid": "confirm" });
  const no = button("confirm-no", words.no, () => dialog.close());
  const yes = button(
    "confirm-yes",
    words.yes,
    () => {
      dialog.close();
      confirmed();
    },
    { class: "danger" },
  );
  dialog.append(
    h("h2", { id: "confirm-question" }, words.question),
    h("p", {}, words.meaning),
    h("div", { class: "row" }, no, yes),
  );
  dialog.addEventListener("close", () => dialog.remove());
  parent.append(dialog);
  dialog.showModal();
  no.focus();
}

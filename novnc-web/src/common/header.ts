import { h } from "./dom.ts";

/** The product's logo, a ship's wheel; the style sheet draws it. */
export function brand(name: string): HTMLElement {
  return h(
    "span",
    { class: "brand" },
    h("span", { class: "brand-mark", "aria-hidden": "true" }),
    h("span", { "data-testid": "gateway-name" }, name),
  );
}

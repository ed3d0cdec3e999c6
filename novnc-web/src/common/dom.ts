import { icons, type IconName } from "./icons.ts";

export type { IconName };

type Child = Node | string;
type Listener = (e: Event) => void;
type Attributes = Record<string, string | boolean | Listener>;

/**
 * Creates an element. Strings become text, never markup. Attributes that begin with "on" are
 * listeners; true sets an empty attribute and false sets none.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (typeof value === "string") element.setAttribute(name, value);
    else if (value) element.setAttribute(name, "");
  }
}

/** Creates a button that does not submit a form. */
export function button(testid: string, text: string, onclick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return h("button", { type: "button", "data-testid": testid, onclick, ...attributes }, text);
}

/** Sets the text only if it changed, so that a live region is read aloud once. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element: HTMLElement, visible: boolean): void {
  element.hidden = !visible;
}

/**
 * Creates a picture from our own markup. It carries no information that the text next to it lacks.
 */
export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", icons[name]);
  svg.append(path);
  return svg;
}

export function setIcon(place: Element, name: IconName): void {
  if (place.getAttribute("data-icon") === name) return;
  place.setAttribute("data-icon", name);
  place.replaceChildren(icon(name));
}

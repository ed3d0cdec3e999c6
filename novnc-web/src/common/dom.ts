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

export type IconName = keyof typeof icons;

const icons = {
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5z",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM9 12a3 3 0 1 0 6 0 3 3 0 0 0-6 0",
  hidden:
    "M3 3l18 18M10 5.2A10 10 0 0 1 12 5c6 0 10 7 10 7a17 17 0 0 1-3 3.6M6 7a17 17 0 0 0-4 5s4 7 10 7a9.500 9.500 0 0 0 4.500-1.200",
  hand: "M5 3l14 8-6 2-2 6z",
  line: "M4 12h5M15 12h5M9 8v8M15 8v8M9 12h6",
  broken: "M3 12h5M16 12h5M8 8v8M16 8v8M11 6l2 12",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0",
  clipboard: "M8 5H6v16h12V5h-2M9 3h6v4H9z",
  pause: "M8 5v14M16 5v14",
  monitor: "M3 5h18v11H3zM9 20h6M12 16v4",
  window: "M3 5h18v14H3zM3 9h18M6 7h.1",
  warning: "M12 3l10 18H2zM12 10v5M12 18v.5",
} as const;

// The parts of a browser that the advisor's session needs in Node. Import this file first.

class FakeElement {
  readonly dataset: Record<string, string> = {};
  readonly classList = { toggle: () => {} };
  readonly style: Record<string, string> = {};
  className = "";
  append(): void {}
  addEventListener(): void {}
  removeEventListener(): void {}
  setAttribute(): void {}
  removeAttribute(): void {}
  querySelector(): null {
    return null;
  }
  getContext(): null {
    return null;
  }
}

/** An in-memory sessionStorage or localStorage. */
export class FakeStorage {
  private readonly items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }

  removeItem(key: string): void {
    this.items.delete(key);
  }

  clear(): void {
    this.items.clear();
  }

  get size(): number {
    return this.items.size;
  }
}

export const session = new FakeStorage();
export const local = new FakeStorage();

const define = (name: string, value: unknown) =>
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

class FakeTextArea extends FakeElement {}

define("window", globalThis);
define("addEventListener", () => {});
define("navigator", { userAgent: "node", platform: "", language: "en", languages: ["en"] });
define("document", {
  createElement: () => new FakeElement(),
  documentElement: new FakeElement(),
  body: new FakeElement(),
  activeElement: null,
  addEventListener: () => {},
});
define("HTMLTextAreaElement", FakeTextArea);
define("sessionStorage", session);
define("localStorage", local);

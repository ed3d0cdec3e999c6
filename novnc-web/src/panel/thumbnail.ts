import { h, show } from "../common/dom.ts";
import type { Preview } from "./sharecard.ts";

const every = 1000;

/** The program's picture of what it serves, loaded once a second. */
export class Thumbnail implements Preview {
  readonly root: HTMLImageElement;
  private timer: ReturnType<typeof setInterval> | undefined;
  private address = "";
  private busy = false;
  private visible = false;

  constructor(
    label: string,
    private readonly load: () => Promise<Blob | null>,
  ) {
    this.root = h("img", { class: "thumbnail", alt: label, "data-testid": "thumbnail" });
    show(this.root, false);
  }

  update(visible: boolean): void {
    if (visible === this.visible) return;
    this.visible = visible;
    clearInterval(this.timer);
    if (!visible) return this.put(null);
    this.timer = setInterval(() => void this.look(), every);
    void this.look();
  }

  private async look(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const picture = await this.load().catch(() => null);
    this.busy = false;
    this.put(this.visible ? picture : null);
  }

  private put(picture: Blob | null): void {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = picture ? URL.createObjectURL(picture) : "";
    if (picture) this.root.src = this.address;
    else this.root.removeAttribute("src");
    show(this.root, picture !== null);
  }
}

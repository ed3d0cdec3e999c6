import { html, nothing, type TemplateResult } from "lit";
import type { Preview } from "./preview.ts";

const every = 1000;

/** The program's picture of what it serves, loaded once a second. */
export class Thumbnail implements Preview {
  changed: () => void = () => {};
  private timer: ReturnType<typeof setInterval> | undefined;
  private address = "";
  private busy = false;
  private visible = false;

  constructor(
    private readonly label: string,
    private readonly load: () => Promise<Blob | null>,
  ) {}

  view(): TemplateResult {
    const { address, label } = this;
    return html`<img
      class="thumbnail"
      alt=${label}
      data-testid="thumbnail"
      ?hidden=${address === ""}
      src=${address || nothing}
    />`;
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
    const before = this.address;
    if (!picture && !before) return;
    this.address = picture ? URL.createObjectURL(picture) : "";
    this.changed();
    if (before) URL.revokeObjectURL(before);
  }
}

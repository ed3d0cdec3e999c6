/** The largest zoom. 1 is the whole picture. */
export const maxZoom = 5;

/** How far two fingers move before it is known what they do, in pixels. noVNC waits for 50. */
const threshold = 16;

interface Point {
  x: number;
  y: number;
}

/** What the fingers move. */
export interface Zoomed {
  /** The zoom now; below 1 if the picture is shown smaller than the window. */
  zoom(): number;
  isZoomed(): boolean;
  /** Shows the picture with a zoom, with the same point of it under `to` as was under `from`. */
  move(zoom: number, from: Point, to: Point): void;
  /** The fingers have left. */
  end(): void;
}

/**
 * Zooms and moves the picture with two fingers.
 *
 * noVNC would turn two fingers into the customer's wheel: apart or together with Ctrl, in parallel
 * without. Here fingers that move apart or together always zoom the advisor's own picture, with
 * control too: on a small screen the advisor needs that more, and nearly every program has other
 * ways to zoom. Two fingers in parallel move the picture while it is zoomed. While it is not, they
 * stay the customer's wheel. One finger, and taps of two or three, are always noVNC's.
 */
export class Pinch {
  private start: { distance: number; zoom: number } | null = null;
  private last: Point = { x: 0, y: 0 };
  private ours = false; // these fingers zoom or move the picture, until all have left
  private theirs = false; // noVNC has recognised a gesture of these fingers

  constructor(
    private readonly target: HTMLElement,
    private readonly picture: Zoomed,
  ) {
    // Before noVNC, and not passive: the browser must not scroll or zoom the page.
    const early = { capture: true, passive: false };
    for (const type of ["touchstart", "touchmove", "touchend", "touchcancel"] as const)
      target.addEventListener(type, (e) => this.touch(e), early);
    for (const type of ["gesturestart", "gesturemove", "gestureend"])
      target.addEventListener(type, (e) => this.gesture(e), early);
  }

  private touch(e: TouchEvent): void {
    // noVNC cancels each touch. While the page scrolls that has no effect, and browsers complain.
    if (!e.cancelable) e.preventDefault = () => {};
    const first = e.type === "touchstart" && e.touches.length === e.changedTouches.length;
    if (first) this.ours = this.theirs = false;
    const [a, b] = [...e.touches].filter((t) => this.target.contains(t.target as Node));
    if (!a || !b || e.touches.length !== 2) {
      if (this.start && this.ours) this.picture.end();
      this.start = null;
      return;
    }
    if (e.cancelable) e.preventDefault();
    const middle = { x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2 };
    const distance = Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY));
    if (e.type !== "touchmove" || !this.start) {
      this.start = { distance, zoom: this.picture.zoom() };
      this.last = middle;
      return;
    }
    if (!this.ours) {
      const moved = Math.hypot(middle.x - this.last.x, middle.y - this.last.y);
      const pinched = Math.abs(distance - this.start.distance) > threshold;
      if (this.theirs || !(pinched || (this.picture.isZoomed() && moved > threshold))) return;
      this.ours = true;
      this.start.distance = distance; // no jump by the threshold
    }
    const zoom = this.start.zoom * (distance / this.start.distance);
    this.picture.move(Math.min(maxZoom, Math.max(1, zoom)), this.last, middle);
    this.last = middle;
  }

  /** Keeps noVNC from acting on gestures that are ours. */
  private gesture(e: Event): void {
    // Safari has events of the same names, for zooming the page.
    if (!(e instanceof CustomEvent)) return e.preventDefault();
    const { type } = e.detail as { type: string };
    if (this.ours || type === "pinch") e.stopPropagation();
    else this.theirs = true;
  }
}

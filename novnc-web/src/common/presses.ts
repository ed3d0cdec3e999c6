/**
 * Lets a press count whose button moves before the release, because a line or a picture came
 * above it: a browser gives no click then. The release must be where the button was when it
 * was pressed, and the button still there and usable.
 */
export function keepPresses(): void {
  let pressed: { button: HTMLButtonElement; place: DOMRect } | null = null;
  const on = (type: string, act: (e: PointerEvent) => void) =>
    document.addEventListener(type, (e) => act(e as PointerEvent), true);
  on("pointerdown", (e) => {
    const button = e.isPrimary && e.button === 0 && e.target instanceof Element ? e.target.closest("button") : null;
    pressed = button && { button, place: button.getBoundingClientRect() };
  });
  on("pointercancel", () => (pressed = null));
  on("pointerup", (e) => {
    const was = pressed;
    pressed = null;
    if (!was || (e.target instanceof Node && was.button.contains(e.target))) return; // its click follows
    const { left, right, top, bottom } = was.place;
    const inside = e.clientX >= left && e.clientX < right && e.clientY >= top && e.clientY < bottom;
    if (inside && was.button.checkVisibility() && !was.button.disabled) was.button.click();
  });
}

/**
 * Makes a press on a button count even if the button moves before the release, because something
 * was inserted above it: the browser sends no click then. The release must be at the place where
 * the button was pressed, and the button must still be present and enabled.
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
    if (!was || (e.target instanceof Node && was.button.contains(e.target))) return; // the browser sends the click
    const { left, right, top, bottom } = was.place;
    const inside = e.clientX >= left && e.clientX < right && e.clientY >= top && e.clientY < bottom;
    if (inside && was.button.checkVisibility() && !was.button.disabled) was.button.click();
  });
}

/** A file as the browser hands it over; a folder looks like a file. */
export interface Picked {
  file: Blob & { readonly name: string };
  folder: boolean;
}

/** What is done with files that are dragged over the page. */
export interface DropHandlers {
  /** Whether they would be accepted now. */
  accepts(): boolean;
  /** Files are over the page now, or not any more. */
  dragging(on: boolean): void;
  dropped(picked: Picked[]): void;
}

/**
 * Takes files that are dropped anywhere on the page. The browser never opens them in place of the
 * page, whether they are accepted or not. Dragged text goes where it always goes. Returns what ends
 * this.
 */
export function takeDrops(on: DropHandlers): () => void {
  const end = new AbortController();
  const options = { capture: true, signal: end.signal };
  const hasFiles = (e: DragEvent) => e.dataTransfer?.types.includes("Files") === true;
  const over = (e: DragEvent) => {
    if (!hasFiles(e)) return;
    e.preventDefault();
    e.stopPropagation();
    e.dataTransfer!.dropEffect = on.accepts() ? "copy" : "none";
    on.dragging(true);
  };
  document.addEventListener("dragenter", over, options);
  document.addEventListener("dragover", over, options);
  document.addEventListener(
    "dragleave",
    (e) => {
      if (hasFiles(e) && e.relatedTarget === null) on.dragging(false); // it has left the window
    },
    options,
  );
  document.addEventListener(
    "drop",
    (e) => {
      if (!hasFiles(e)) return;
      e.preventDefault();
      e.stopPropagation();
      on.dragging(false);
      on.dropped(pickedOf(e.dataTransfer!));
    },
    options,
  );
  return () => end.abort();
}

function pickedOf(transfer: DataTransfer): Picked[] {
  return [...transfer.items].flatMap((item) => {
    const file = item.kind === "file" ? item.getAsFile() : null;
    return file ? [{ file, folder: item.webkitGetAsEntry()?.isDirectory === true }] : [];
  });
}

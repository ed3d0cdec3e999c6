// Where a file from the other side is saved.

/** A file that is being saved. A method is called after the one before has returned. */
export interface FileTarget {
  /** The most bytes that it takes; undefined: as many as there is room for. */
  readonly limit?: number;
  /** Writes bytes at the end, or at a position that is not behind the end. */
  write(bytes: Uint8Array<ArrayBuffer>, position?: number): Promise<void>;
  /** The file is complete. */
  finish(): Promise<void>;
  /** The file is not wanted any more: nothing of it remains. */
  abort(): Promise<void>;
}

/** The largest file for browsers that can keep a file only in memory. */
export const maxInMemory = 100 * 1000 * 1000;

/** This browser could save the file only in memory, and it is larger than `maxInMemory`. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/** What this page needs of handles, some of which not every browser has. */
interface Handle {
  createWritable(): Promise<Writable>;
  getFile(): Promise<Blob>;
  remove?(): Promise<void>;
}

interface Writable {
  write(bytes: Uint8Array<ArrayBuffer> | { type: "write"; position: number; data: Uint8Array<ArrayBuffer> }): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

interface Folder {
  getFileHandle(name: string, options: { create: boolean }): Promise<Handle>;
  removeEntry(name: string): Promise<void>;
  keys(): AsyncIterable<string>;
}

type SavePicker = (options: { suggestedName: string }) => Promise<Handle>;

/**
 * Opens what the file is saved to: where the advisor says, or else the browser's folder for
 * downloads. Returns null if the advisor has chosen nothing. Must be called directly from a click,
 * because browsers open their dialog for nothing else.
 */
export async function chooseTarget(name: string, size: number): Promise<FileTarget | null> {
  const picker = (window as { showSaveFilePicker?: SavePicker }).showSaveFilePicker;
  if (picker) {
    try {
      return await pickedTarget(picker.call(window, { suggestedName: name }));
    } catch (e) {
      if (e instanceof Error && e.name === "AbortError") return null;
      // The dialog is not allowed here, or the place is protected: the browser's folder is left.
    }
  }
  return downloadTarget(name, size);
}

/** Opens a file that becomes a download when it is complete. */
export async function downloadTarget(name: string, size: number): Promise<FileTarget> {
  const folder = await privateFolder();
  if (folder) {
    try {
      return await privateTarget(folder, name);
    } catch {
      // For example when the browser keeps no data of this page.
    }
  }
  if (size > maxInMemory) throw new TooLarge(name);
  return memoryTarget(name);
}

/** Whether this browser can save files that are larger than `maxInMemory`. */
export async function savesLarge(): Promise<boolean> {
  return (await privateFolder()) !== null;
}

/** A file where the advisor said. Browsers write beside it until it is complete. */
async function pickedTarget(picked: Promise<Handle>): Promise<FileTarget> {
  const handle = await picked;
  const remove = () => handle.remove?.().catch(() => {}) ?? Promise.resolve(); // it is empty until then
  try {
    const writable = await handle.createWritable();
    return {
      write: (bytes, position) => writeTo(writable, bytes, position),
      finish: () => writable.close(),
      abort: () => discard(writable, remove),
    };
  } catch (e) {
    await remove();
    throw e;
  }
}

function writeTo(writable: Writable, data: Uint8Array<ArrayBuffer>, position?: number): Promise<void> {
  return writable.write(position === undefined ? data : { type: "write", position, data });
}

async function discard(writable: Writable, remove: () => Promise<void>): Promise<void> {
  await writable.abort().catch(() => {}); // it may have failed before
  await remove();
}

/** What the names of all files in the private file system begin with. */
const prefix = "lotse-file-";

/** The file system that only this page sees; null if there is none that can be written to. */
async function privateFolder(): Promise<Folder | null> {
  const handles = (globalThis as { FileSystemFileHandle?: { prototype: object } }).FileSystemFileHandle;
  if (!handles || !("createWritable" in handles.prototype)) return null;
  return ((await navigator.storage?.getDirectory?.().catch(() => null)) ?? null) as Folder | null;
}

/** A file in the private file system, which becomes a download when it is complete. */
async function privateTarget(folder: Folder, name: string): Promise<FileTarget> {
  const own = prefix + crypto.randomUUID();
  const release = hold(own);
  const remove = async () => {
    await folder.removeEntry(own).catch(() => {}); // the next page tries again
    release();
  };
  try {
    const handle = await folder.getFileHandle(own, { create: true });
    const writable = await handle.createWritable();
    return {
      write: (bytes, position) => writeTo(writable, bytes, position),
      finish: async () => {
        await writable.close();
        download(await handle.getFile(), name, remove);
      },
      abort: () => discard(writable, remove),
    };
  } catch (e) {
    await remove();
    throw e;
  }
}

function memoryTarget(name: string): FileTarget {
  let all = new Uint8Array(0);
  let size = 0;
  const drop = () => {
    all = new Uint8Array(0);
    return Promise.resolve();
  };
  return {
    limit: maxInMemory,
    write: async (bytes, position = size) => {
      const end = position + bytes.length;
      if (end > maxInMemory) throw new TooLarge(name);
      if (end > all.length) {
        const more = new Uint8Array(Math.min(maxInMemory, 2 * end));
        more.set(all);
        all = more;
      }
      all.set(bytes, position);
      size = Math.max(size, end);
    },
    finish: () => {
      download(new Blob([all.subarray(0, size)], { type: "application/octet-stream" }), name, drop);
      return drop();
    },
    abort: drop,
  };
}

/** How many bytes of a download the browser copies in a millisecond, at the very least. */
const leastCopied = 5000;

/** Begins a download. `copied` is called when the browser must have all bytes: it does not say. */
function download(file: Blob, name: string, copied: () => Promise<void>): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(
    () => {
      URL.revokeObjectURL(link.href);
      void copied();
    },
    60_000 + file.size / leastCopied,
  );
}

/** Tells other windows of the page that a file is in use. Returns a function that ends that. */
function hold(name: string): () => void {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  void navigator.locks?.request(name, () => held).catch(() => {});
  return release;
}

/** Removes files that a page has left in the private file system and that no window is using. */
export async function removeLeftovers(): Promise<void> {
  try {
    const folder = await privateFolder();
    if (!folder || !navigator.locks) return;
    for await (const name of folder.keys()) {
      if (!name.startsWith(prefix)) continue;
      await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
        if (lock) await folder.removeEntry(name);
      });
    }
  } catch {
    // The next page tries again.
  }
}

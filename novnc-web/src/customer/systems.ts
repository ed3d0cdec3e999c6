import { asFields, list, number, text, type Fields } from "../common/fields.ts";
import type { Download as SentDownload } from "../protocol_gen.ts";

export interface Download {
  os: string;
  arch: string;
  file: string;
  size: number;
  sha256: string;
  /** The file name under which it is saved. */
  name: string;
  /** The signer's name; "" if it is unsigned or the system has no signatures. */
  signer: string;
}

/** The programs of a gateway: the one for this computer, and the others. */
export interface Offered {
  fitting: Download | null;
  others: Download[];
}

/** The state of the list of programs. */
export type Offer = "loading" | "unreachable" | Offered;

export type System = "windows" | "linux" | "darwin" | "phone" | "";

export function readDownloads(info: Fields): Download[] {
  return list(info["downloads"], 100)
    .map((item) => asFields<SentDownload>(item) ?? {})
    .map((f) => ({
      os: text(f["os"], 20),
      arch: text(f["arch"], 20),
      file: text(f["file"], 128),
      size: number(f["size"]),
      sha256: text(f["sha256"], 64),
      name: text(f["name"], 300) || text(f["file"], 128),
      signer: text(f["signer"], 100),
    }))
    .filter((d) => /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(d.file));
}

/** The system that a browser reports; "" if it reports none. */
export function systemOf(agent: string): System {
  if (/android|iphone|ipad|ipod/i.test(agent)) return "phone";
  if (/windows/i.test(agent)) return "windows";
  if (/mac os|macintosh/i.test(agent)) return "darwin";
  if (/linux|x11/i.test(agent)) return "linux";
  return "";
}

/** Puts the files for this system first, and more common processors before others. */
export function sortDownloads(downloads: Download[], system: System, agent: string, processor = ""): Offered {
  const arm = processor ? processor === "arm" : /aarch64|arm64|armv8/i.test(agent);
  // A Mac's browser does not report its processor; new Macs are arm64.
  const wanted = arm || system === "darwin" ? ["arm64", "amd64", "386"] : ["amd64", "386", "arm64"];
  const rank = (d: Download) => (wanted.indexOf(d.arch) + wanted.length + 1) % (wanted.length + 1);
  const sorted = [...downloads].sort((a, b) => rank(a) - rank(b));
  const fitting = sorted.find((d) => d.os === system) ?? null;
  return { fitting, others: sorted.filter((d) => d !== fitting) };
}

/** "arm" or "x86" if the browser reports it, as Chromium and Edge do; else "". */
export async function processorOf(of: Navigator): Promise<string> {
  const data = (of as { userAgentData?: { getHighEntropyValues(hints: string[]): Promise<Record<string, unknown>> } })
    .userAgentData;
  try {
    const architecture = (await data?.getHighEntropyValues(["architecture"]))?.["architecture"];
    return typeof architecture === "string" ? architecture.slice(0, 10) : "";
  } catch {
    return "";
  }
}

export function systemName(os: string): string {
  return { windows: "Windows", linux: "Linux", darwin: "macOS" }[os] ?? os;
}

export function sizeText(bytes: number, language: string): string {
  const [size, unit] = bytes >= 1e6 ? [bytes / 1e6, "megabyte"] : [bytes / 1e3, "kilobyte"];
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(size);
}

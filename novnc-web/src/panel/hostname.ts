import { html, type TemplateResult } from "lit";

/** A gateway's name, with its registrable domain, which identifies the owner, in bold. */
export function hostName(gateway: string): TemplateResult {
  const [, host = "", port = ""] = /^(.*?)(:\d+)?$/.exec(gateway) ?? [];
  const labels = host.split(".");
  // example.com, but example.co.uk.
  const short = labels.length > 2 && labels.at(-1)!.length === 2 && labels.at(-2)!.length <= 3;
  const end = labels.slice(short ? -3 : -2).join(".");
  const before = host.slice(0, host.length - end.length);
  return html`${before}<strong>${end}</strong>${port}`;
}

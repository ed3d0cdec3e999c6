import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { Session } from "./session.ts";

/** The names of the systems that a customer's program reports. */
const systems: Record<string, string> = { windows: "Windows", linux: "Linux", darwin: "macOS" };

/** The customer's name as people would say it; "" before it is known. */
export function customerName({ customer }: Session, t: AdvisorTexts): string {
  if (!customer) return "";
  if (customer.browser) return t.facts.customerBrowser;
  return customer.user || customer.host;
}

/** The customer's user name, computer and system, in one line. */
export function customerWords({ customer }: Session, t: AdvisorTexts): string {
  if (!customer) return t.facts.customerUnknown;
  const system = customer.systemName || (systems[customer.system.split("/")[0] ?? ""] ?? customer.system);
  if (customer.browser) return [t.facts.customerBrowser, customer.system].filter(Boolean).join(", ");
  return [customer.user && t.facts.user(customer.user), customer.host, system].filter(Boolean).join(", ");
}

import { matching } from "../common/fields.ts";
import type { Who } from "../common/colleagues.ts";
import type { ColleagueEnd, ColleagueMay, ColleagueStage } from "../protocol_gen.ts";

/** What became of a request for a colleague; it was not checked whether anybody asked for it. */
export interface ReportedColleague {
  account: string;
  stage: ColleagueStage;
  /** The colleague's own session number, with `expected`; "" otherwise. */
  number: string;
  why: ColleagueEnd | "";
}

/** Says to the customer's program what the advisor wants. */
export interface ColleagueControl {
  askColleague(who: Who, may: ColleagueMay): void;
  dropColleague(account: string): void;
  passControl(account: string): void;
  passSession(account: string): void;
}

/** A colleague whom the advisor has asked for. */
export interface Invited {
  account: string;
  name: string;
  /** `admitting`: the gateway is being asked. */
  stage: "admitting" | ColleagueStage;
  number: string;
  /** Why he is not there; with `gone`. */
  why: ColleagueEnd | "gateway" | "";
}

/** What the colleagues of one session need of the gateway. */
export interface Admission {
  /** The other advisors of the company. */
  colleagues(): Promise<Who[]>;
  admit(place: string, account: string): Promise<Who | null>;
  expel(place: string, account: string): Promise<void>;
}

/** The colleagues whom this advisor brings into a session. */
export class Colleagues {
  /** In the order in which they were asked for. */
  list: Invited[] = [];
  /** Who can be asked for; null until the gateway has answered. */
  people: Who[] | null = null;

  private control: ColleagueControl | null = null;
  private readonly names = new Map<string, string>();

  constructor(
    private readonly place: string,
    private readonly gateway: Admission,
    private readonly changed: () => void,
  ) {}

  connect(control: ColleagueControl): void {
    this.control = control;
  }

  disconnect(): void {
    this.control = null;
  }

  /** Asks the gateway who can be asked for. */
  async look(): Promise<void> {
    this.people = await this.gateway.colleagues().catch(() => this.people ?? []);
    this.changed();
  }

  /** Asks for a colleague: first the gateway, then the customer. */
  async ask(account: string, may: ColleagueMay): Promise<void> {
    this.put({ account, name: this.nameOf(account), stage: "admitting", number: "", why: "" });
    const who = await this.gateway.admit(this.place, account).catch(() => null);
    if (!who || !this.control) return this.put({ ...this.find(account), stage: "gone", why: "gateway" });
    this.names.set(who.account, who.name);
    this.put({ ...this.find(account), name: who.name });
    this.control.askColleague(who, may);
  }

  /** Withdraws the request, or ends the colleague's part. */
  drop(account: string): void {
    this.control?.dropColleague(account);
    void this.gateway.expel(this.place, account).catch(() => {});
  }

  passControl(account: string): void {
    this.control?.passControl(account);
  }

  passSession(account: string): void {
    this.control?.passSession(account);
  }

  /** Called with each report of the customer's program. */
  take({ account, stage, number, why }: ReportedColleague): void {
    if (stage === "gone") {
      // The gateway must not let him in again without another request.
      void this.gateway.expel(this.place, account).catch(() => {});
    }
    // The number is for this session's place; anything else would mislead the one who hears it.
    const own = number.startsWith(this.place) ? number : "";
    this.put({ account, name: this.nameOf(account), stage, number: own, why });
  }

  /** Learns the names of the colleagues, from the customer's program. */
  learn(known: Who[]): void {
    for (const { account, name } of known) this.names.set(account, name);
  }

  private nameOf(account: string): string {
    return this.names.get(account) ?? account;
  }

  private find(account: string): Invited {
    return this.list.find((i) => i.account === account) ?? { account, name: account, stage: "gone", number: "", why: "" };
  }

  private put(invited: Invited): void {
    const at = this.list.findIndex((i) => i.account === invited.account);
    this.list = at < 0 ? [...this.list, invited] : this.list.with(at, invited);
    // What is over is shown until something newer is.
    const over = this.list.filter((i) => i.stage === "gone" && i !== invited);
    this.list = this.list.filter((i) => !over.includes(i)).slice(-10);
    this.changed();
  }
}

/** A colleague's number as it is sent; "" for anything else. */
export function readNumber(value: unknown): string {
  return matching(value, /^[1-9][0-9]{8}$/);
}

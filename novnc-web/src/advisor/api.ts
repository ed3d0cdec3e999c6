// PROTOCOL.md, section 2.

import { readWho, type Who } from "../common/colleagues.ts";
import { asFields, list, number, oneOf, parseFields, text, time, type Fields } from "../common/fields.ts";
import { solvePuzzle } from "../common/puzzle.ts";
import {
  maxPuzzles,
  passwordDoors,
  sessionStates,
  type Door as SentDoor,
  type PasswordDoor,
  type Session,
  type SessionState,
  type StreamKind,
} from "../protocol_gen.ts";

const maxAnswer = 256 * 1024;
const timeout = 20_000;
/** The gateway lists no more. */
const maxPeople = 500;

/**
 * The gateway refused a request. `code` is an error code of the protocol, "network" or "no_place".
 */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: string,
    message: string,
    readonly retryAfter = 0,
    /** The puzzle to solve, with the code "puzzle"; section 11. */
    readonly puzzle = "",
  ) {
    super(message);
  }
}

export interface Me {
  name: string;
  display: string;
  company: string;
}

export type Phase = SessionState;

export const phases = sessionStates;

export interface SessionEntry {
  place: string;
  phase: Phase;
  /** Who leads the session, if it is another advisor's and this one may join; null otherwise. */
  advisor: Who | null;
}

/** A door for viewers. The addresses are host:port if the door has its own ports. */
export interface Door {
  door: string;
  address: string;
  /** The address for foreign VNC servers. */
  servers: string;
}

/** The doors for viewers that cannot seal and use a password. */
export const viewerDoors = passwordDoors;
export type ViewerDoor = PasswordDoor;

/** The credentials that admit one viewer once. */
export interface ViewerPassword {
  user: string;
  password: string;
  expires: Date | null;
}

export class Api {
  private csrf = "";
  /** Filled by gatewayName. */
  doors: Door[] = [];
  /** Called when the gateway no longer accepts this page's sign-in. */
  onunauthorized: () => void = () => {};

  async me(): Promise<Me> {
    return this.readMe(await this.request("GET", "/api/v1/me"));
  }

  async signIn(name: string, password: string): Promise<Me> {
    for (let proof = "", puzzles = 0; ; puzzles++) {
      try {
        return this.readMe(await this.request("POST", "/api/v1/signin", { name, password, ...(proof && { proof }) }));
      } catch (e) {
        if (!(e instanceof ApiError) || e.code !== "puzzle" || puzzles === maxPuzzles) throw e;
        proof = await solvePuzzle(e.puzzle);
      }
    }
  }

  async signOut(): Promise<void> {
    await this.request("POST", "/api/v1/signout", {});
    this.csrf = "";
  }

  async gatewayName(): Promise<string> {
    const info = await this.request("GET", "/api/v1/info");
    this.doors = list(info["doors"], 10)
      .map((item) => asFields<SentDoor>(item) ?? {})
      .map((f) => ({ door: text(f["door"], 20), address: text(f["address"], 300), servers: text(f["servers"], 300) }));
    return text(info["name"], 80);
  }

  async newSession(): Promise<string> {
    const place = text((await this.request("POST", "/api/v1/sessions", {}))["place"]);
    if (!/^[1-9][0-9]{3}$/.test(place)) throw new ApiError("no_place", "");
    return place;
  }

  async sessions(): Promise<SessionEntry[]> {
    const answer = await this.request("GET", "/api/v1/sessions");
    return list(answer["sessions"], 100)
      .map((item) => asFields<Session>(item) ?? {})
      .map((f) => ({
        place: text(f["place"], 4),
        phase: oneOf(f["state"], phases, "waiting"),
        advisor: readWho(f["advisor"]),
      }))
      .filter((s) => /^[1-9][0-9]{3}$/.test(s.place));
  }

  /** The other advisors of the company. */
  async colleagues(): Promise<Who[]> {
    const answer = await this.request("GET", "/api/v1/colleagues");
    return list(answer["people"], maxPeople).flatMap((item) => readWho(item) ?? []);
  }

  /** Lets an account open streams in a session. */
  async admit(place: string, account: string): Promise<Who | null> {
    return readWho(await this.request("POST", `/api/v1/sessions/${place}/colleagues`, { name: account }));
  }

  /** Undoes that. */
  async expel(place: string, account: string): Promise<void> {
    await this.request("DELETE", `/api/v1/sessions/${place}/colleagues/${encodeURIComponent(account)}`);
  }

  async endSession(place: string): Promise<void> {
    await this.request("DELETE", `/api/v1/sessions/${place}`);
  }

  async openStream(place: string, kind: StreamKind): Promise<string> {
    return text((await this.request("POST", `/api/v1/sessions/${place}/streams`, { kind, door: "page" }))["stream"], 64);
  }

  /**
   * Sends a door's number to the gateway, which admits one viewer with it. The session's number
   * must never be passed here.
   */
  async viewerPassword(number: string, door: ViewerDoor): Promise<ViewerPassword> {
    const f = await this.request("POST", `/api/v1/sessions/${number.slice(0, 4)}/password`, { number, door });
    return { user: number, password: text(f["password"], 20), expires: time(f["expires"]) };
  }

  /** Gives the number to the gateway, so that a foreign VNC server can connect. */
  async openForeign(number: string): Promise<void> {
    await this.request("POST", `/api/v1/sessions/${number.slice(0, 4)}/foreign`, { number });
  }

  /** Reports whether the gateway answers at all. */
  async reachable(): Promise<boolean> {
    try {
      await this.request("GET", "/api/v1/me", undefined, 8000);
      return true;
    } catch (e) {
      return !(e instanceof ApiError && e.code === "network");
    }
  }

  private readMe(f: Fields): Me {
    this.csrf = text(f["csrf"], 200);
    return { name: text(f["name"], 80), display: text(f["display"], 80), company: text(f["company"], 80) };
  }

  private async request(method: string, path: string, body?: object, within = timeout): Promise<Fields> {
    const headers: Record<string, string> = {};
    if (body) headers["Content-Type"] = "application/json";
    if (method !== "GET" && this.csrf) headers["X-Lotse-CSRF"] = this.csrf;
    let response: Response;
    let answer: string;
    try {
      response = await fetch(path, {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
        signal: AbortSignal.timeout(within),
      });
      answer = await response.text();
    } catch {
      throw new ApiError("network", "");
    }
    const fields = parseFields(answer, maxAnswer);
    if (response.ok) return fields ?? {};
    const error = asFields(fields?.["error"]) ?? {};
    const code = text(error["code"], 40) || "internal";
    if (response.status === 401 && path !== "/api/v1/signin") this.onunauthorized();
    throw new ApiError(code, text(error["message"], 300), number(error["retry_after"]), text(error["puzzle"], 64));
  }
}

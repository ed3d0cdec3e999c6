// Plays the gateway between pages of one browser: it joins streams as the real
// one does (tunnel/PROTOCOL.md, sections 3 to 5), for one session. What is sealed
// stays sealed, so that both pages are real and only this is not.

import { randomBytes } from "node:crypto";

const advisor = { name: "anna", display: "Anna Berger", company: "Beispiel Software GmbH" };

export class MockGateway {
  #owner = null;
  #agent = null;
  #streams = new Map();
  #joined = false;

  /** Forgets everything: the next session. */
  reset() {
    this.#owner = this.#agent = null;
    this.#streams.clear();
    this.#joined = false;
  }

  /** Has a page's WebSockets end here. */
  async attach(page) {
    await page.routeWebSocket(/\/owner$/, (ws) => this.#own(ws));
    await page.routeWebSocket(/\/agent\/v1$/, (ws) => this.#enter(ws));
    await page.routeWebSocket(/\/streams\//, (ws) => this.#stream(ws));
  }

  /** Answers POST …/streams. */
  openStream(kind) {
    const id = this.#newStream();
    this.#call(id, kind, "page");
    return { stream: id };
  }

  #newStream() {
    const id = randomBytes(16).toString("base64url");
    this.#streams.set(id, []);
    return id;
  }

  #call(stream, kind, door) {
    const more = door === "entering" ? {} : { from: "203.0.113.7", advisor };
    this.#agent?.send(JSON.stringify({ type: "call", stream, kind, door, ...more }));
  }

  #state(state, reason = "") {
    const times = { since: new Date().toISOString(), expires: new Date(Date.now() + 24 * 60_000).toISOString() };
    this.#owner?.send(JSON.stringify({ type: "state", state, reason, ...times }));
  }

  #end(reason) {
    this.#state("ended", reason);
    this.#agent?.send(JSON.stringify({ type: "ended", reason }));
  }

  #own(ws) {
    this.#owner = ws;
    this.#state(this.#joined ? "joined" : "waiting");
    ws.onMessage((data) => {
      const m = JSON.parse(data);
      if (m.type === "end") this.#end("advisor");
      if (m.type !== "verdict" || !m.ok) return;
      this.#joined = true;
      this.#agent?.send(JSON.stringify({ type: "joined", advisor, resume: "token", grace: 120 }));
      this.#state("joined");
    });
  }

  #enter(ws) {
    this.#agent = ws;
    ws.onMessage((data) => {
      const m = JSON.parse(data);
      if (m.type === "end") return this.#end(m.reason || "customer");
      if (m.type !== "enter") return;
      if (!this.#owner) return ws.send(JSON.stringify({ type: "refused", code: "number" }));
      const id = this.#newStream();
      this.#call(id, "control", "entering");
      this.#owner.send(JSON.stringify({ type: "entering", stream: id }));
    });
  }

  /** Two come, each hears the other; what comes early waits. */
  #stream(ws) {
    const id = ws.url().split("/").pop();
    const ends = this.#streams.get(id) ?? [];
    const mine = { ws, early: [] };
    ends.push(mine);
    const other = () => ends.find((e) => e !== mine && e.ready);
    ws.onMessage((data) => (other() ? other().ws.send(data) : mine.early.push(data)));
    ws.onClose(() => ends.find((e) => e !== mine)?.ws.close());
    // Not in the same breath as its opening, as on a real line.
    setTimeout(() => {
      mine.ready = true;
      for (const end of ends) if (end !== mine) for (const data of end.early.splice(0)) ws.send(data);
    }, 50);
  }
}

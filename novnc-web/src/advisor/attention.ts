// Draws the advisor's attention to what happens while the page is not being looked at.

import type { Session } from "./session.ts";

/** Asks once whether the page may show notifications. Must be called from a click. */
export function allowAttention(): void {
  if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission().catch(() => {});
}

/** A short sound, and a notification if the page is hidden and notifications are allowed. */
export function attract(title: string, body: string): void {
  chime();
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  const note = new Notification(title, { body, tag: title });
  note.onclick = () => {
    window.focus();
    note.close();
  };
}

/** Two soft tones. Browsers play nothing before the first click on the page. */
function chime(): void {
  if (!navigator.userActivation?.hasBeenActive) return;
  const audio = new AudioContext();
  const gain = audio.createGain();
  gain.gain.value = 0.05;
  gain.connect(audio.destination);
  for (const [at, hertz] of [
    [0, 660],
    [0.14, 880],
  ] as const) {
    const tone = audio.createOscillator();
    tone.frequency.value = hertz;
    tone.connect(gain);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.12);
  }
  setTimeout(() => void audio.close(), 500);
}

/** How long after a sound for news no further one comes, in milliseconds. */
const quietFor = 5000;

/** Notices what an advisor has not seen, to draw attention to it. */
export class News {
  private readonly known = new WeakMap<Session, number>();
  private at = -Infinity; // Date.now

  /** `unseen` says how much the advisor has not seen of a session. */
  constructor(
    private readonly unseen: (session: Session) => number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Whether attention is needed: there is more unseen than at the last call. */
  isNew(session: Session): boolean {
    const unseen = this.unseen(session);
    const more = unseen > (this.known.get(session) ?? 0);
    this.known.set(session, unseen);
    if (!more || Math.abs(this.now() - this.at) < quietFor) return false;
    this.at = this.now();
    return true;
  }
}

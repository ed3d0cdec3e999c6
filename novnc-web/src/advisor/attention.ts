// Tells the advisor that a customer has joined while the page is not being looked at.

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

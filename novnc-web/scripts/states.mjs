// Canned snapshots of the panel, one per state worth seeing; agent/PANEL.md.

export function panelStates(lang) {
  const base = {
    type: "state",
    seq: 1,
    lang,
    version: "1.0.0",
    gateway: "support.example.com",
    phase: "joined",
    error: null,
    number: "482 193 057",
    advisor: { name: "anna", display: "Anna Berger", company: "Beispiel Software GmbH" },
    compare: "4821",
    line: "sealed",
    direction: "none",
    rights: { view: false, control: false, clipboard: false },
    paused: false,
    question: null,
    viewers: [],
    answer: "",
    share: "screen",
    reason: "",
    key: "F12",
  };
  const fresh = { ...base, advisor: null, compare: "", line: "", number: "" };
  const viewing = {
    ...base,
    direction: "customer",
    rights: { view: true, control: false, clipboard: false },
    viewers: [{ door: "page", line: "sealed", from: "203.0.113.7" }],
  };
  const question = (right, armed = true) => ({ id: "7", right, seconds: 47, armed });
  return {
    number: { ...fresh, phase: "number" },
    "number-wrong": { ...fresh, phase: "number", error: { code: "number", message: "refused" } },
    connecting: { ...fresh, phase: "connecting", number: "482 193 057" },
    joined: base,
    "question-view": { ...base, question: question("view") },
    "question-control": { ...viewing, question: question("control") },
    "question-unarmed": { ...viewing, question: question("clipboard", false) },
    seen: viewing,
    controlled: { ...viewing, rights: { view: true, control: true, clipboard: true } },
    gateway: { ...viewing, line: "gateway", viewers: [{ door: "vnc", line: "gateway", from: "198.51.100.20" }] },
    paused: { ...viewing, direction: "none", paused: true },
    answering: { ...viewing, answer: "control" },
    away: { ...base, phase: "away" },
    ended: { ...base, phase: "ended", reason: "advisor" },
    burnt: { ...fresh, phase: "ended", reason: "burnt" },
    hostile: {
      ...viewing,
      advisor: {
        name: "x",
        display: "<img src=x onerror=alert(1)> " + "Eva".repeat(60),
        company: "</p><script>alert(2)</script>",
      },
      gateway: "<b>bold</b>.example.com",
    },
  };
}

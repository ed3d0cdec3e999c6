// Canned snapshots of the panel, one per state worth seeing; agent/PANEL.md.

// A blue disc of 16 by 16.
const picture =
  "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAYAAAAf8/9hAAAAMElEQVR42mNgoDbQyDvxHx+mSDNeQ4jVjNUQUjVjGDJqwLAwgOKERJWkTJXMRA4AAOlOloxc3y7cAAAAAElFTkSuQmCC";

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
    rights: { view: false, control: false, clipboard: false, files: false, show: false, point: false, record: false },
    paused: false,
    question: null,
    viewers: [],
    answer: "",
    hands: false,
    notice: "",
    choices: null,
    share: null,
    record: "",
    reason: "",
    key: "F12",
    silenced: [],
    confirm: false,
    offer: "",
  };
  const fresh = { ...base, advisor: null, compare: "", line: "", number: "" };
  const screen = { kind: "screen", monitor: 0, apps: [], names: [] };
  const apps = { kind: "apps", monitor: 0, apps: ["a1", "a2"], names: ["LibreOffice", "Thunderbird"] };
  const choices = {
    monitors: [
      { id: 1, name: "HDMI-1", width: 1920, height: 1080 },
      { id: 2, name: "DP-2", width: 2560, height: 1440 },
    ],
    apps: [
      { id: "a1", name: "LibreOffice", titles: [lang === "de" ? "Rechnung März.odt" : "Invoice March.odt"], icon: picture },
      { id: "a2", name: "Thunderbird", titles: [lang === "de" ? "Posteingang" : "Inbox", "Re: Termin"] },
      { id: "a3", name: "Firefox", titles: ["Beispiel Software – Mozilla Firefox"], powerful: true },
    ],
    whole: true,
  };
  const viewing = {
    ...base,
    direction: "customer",
    rights: { ...base.rights, view: true, point: true },
    share: screen,
    choices,
    viewers: [{ door: "page", line: "sealed", from: "203.0.113.7" }],
  };
  const question = (right, more) => ({
    id: "7",
    right,
    seconds: 47,
    armed: true,
    window: true,
    proposal: null,
    file: null,
    ...more,
  });
  const file = (n, name, size, kind, state, more) => ({ id: `file${n}`, name, size, kind, state, taken: 0, ...more });
  const key = "k".repeat(43);
  const program = file(5, "LotseFernwartungseinrichtung-2026.11-Windows-64bit-setup.exe", 52_428_800, "program", "waiting");
  const report = file(
    6,
    lang === "de" ? "Anleitung für den Drucker.pdf" : "Printer manual.pdf",
    2_345_678,
    "document",
    "waiting",
  );
  const offered = [
    file(1, "Foto.jpg", 1_250_000, "picture", "ended", { why: "refused" }),
    file(2, "Update.zip", 734_003_200, "archive", "saving", { taken: 271_581_184 }),
    file(3, lang === "de" ? "Rechnung März.pdf" : "Invoice March.pdf", 88_064, "document", "done", {
      taken: 88_064,
      sha256: "0123456789abcdef".repeat(4),
    }),
    { ...program, id: "file4", state: "accepted", key },
  ];
  const giving = [
    file(11, "Scan.zip", 734_003_200, "archive", "ended", { given: true, why: "refused" }),
    file(12, lang === "de" ? "Kontoauszug.pdf" : "Statement.pdf", 88_064, "document", "done", {
      given: true,
      taken: 88_064,
      sha256: "0123456789abcdef".repeat(4),
    }),
    file(13, lang === "de" ? "Fehlermeldung.png" : "Error message.png", 1_250_000, "picture", "accepted", { given: true }),
    file(14, "Film.mp4", 734_003_200, "film", "saving", { given: true, taken: 271_581_184 }),
    { ...program, id: "file15", given: true },
  ];
  const recording = { running: true, held: false, key: "r".repeat(43) };
  const bert = { name: "bert", display: "Bert Maier", company: "Beispiel Software", for: "control", here: true, leads: true };
  const recorded = { ...viewing, rights: { ...viewing.rights, record: true } };
  const controlled = { ...viewing, rights: { ...base.rights, view: true, point: true, control: true, clipboard: true } };
  const record =
    "Protokoll einer Fernhilfe-Sitzung\n\n10:02:11  Verbunden.\n10:03:40  Ansicht erlaubt: LibreOffice.\n10:12:03  Beendet.\n";
  return {
    number: { ...fresh, phase: "number" },
    "number-where": {
      ...fresh,
      phase: "number",
      gateway: "",
      error: {
        code: "source",
        message:
          "the program's file name does not name a gateway that can be used: the letter U+043E looks like another one and is not accepted; write such a name in its xn-- form. Download the program again from your advisor's page, or type the number with an @ and the gateway",
      },
    },
    "number-wrong": { ...fresh, phase: "number", error: { code: "number", message: "refused" } },
    "number-terms": {
      ...fresh,
      phase: "number",
      error: { code: "terms", message: "refused", terms: { version: "2026-11", address: "https://support.example.com/terms" } },
    },
    connecting: { ...fresh, phase: "connecting", number: "482 193 057" },
    joined: base,
    "question-view": { ...base, question: question("view"), choices },
    "question-view-old": { ...base, question: question("view") },
    "question-view-here": { ...base, question: question("view", { window: false }), choices },
    "question-resume": { ...viewing, direction: "none", paused: true, question: question("resume") },
    silenced: { ...base, silenced: ["view", "control", "files"] },
    "number-confirm": {
      ...fresh,
      phase: "number",
      confirm: true,
      offer: "482 193 057",
      gateway: "support.example.com.evil.example.net",
    },
    "question-share": { ...viewing, share: apps, question: question("share") },
    "question-widen": {
      ...viewing,
      share: apps,
      question: question("share", { proposal: { ...apps, apps: ["a1", "a2", "a3"], names: [...apps.names, "Firefox"] } }),
    },
    "question-show": { ...base, question: question("show") },
    "question-control-here": { ...viewing, question: question("control", { window: false }) },
    "question-controlled": {
      ...viewing,
      rights: { ...base.rights, view: true, point: true, control: true },
      question: question("share"),
    },
    "question-waiting": { ...base, question: question("view"), choices, viewers: viewing.viewers },
    showing: { ...base, direction: "advisor", rights: { ...base.rights, show: true } },
    "seen-apps": { ...viewing, share: apps },
    "seen-monitor": { ...viewing, share: { kind: "monitor", monitor: 2, apps: [], names: ["DP-2"] } },
    "seen-old": { ...viewing, share: null, choices: null },
    hands: { ...viewing, rights: { ...base.rights, view: true, point: true, control: true }, hands: true },
    "notice-hidden": { ...viewing, notice: "hidden" },
    "notice-shielded": { ...viewing, rights: { ...base.rights, view: true, point: true, control: true }, notice: "shielded" },
    "question-control": { ...viewing, question: question("control") },
    "question-unarmed": { ...viewing, question: question("clipboard", { armed: false, window: false }) },
    seen: viewing,
    "seen-no-arrow": { ...viewing, rights: { ...base.rights, view: true }, silenced: ["point"] },
    controlled,
    recorded: { ...recorded, recording },
    "recorded-controlled": {
      ...controlled,
      rights: { ...controlled.rights, record: true },
      recording: { ...recording, held: true },
    },
    "recorded-lost": { ...recorded, recording: { running: true, held: false, lost: true } },
    "recorded-before": { ...viewing, recording: { ...recording, running: false } },
    colleagues: { ...viewing, colleagues: [bert] },
    "colleagues-expected": { ...base, colleagues: [{ ...bert, here: false }] },
    "colleagues-controlled": { ...controlled, colleagues: [bert], holder: "bert" },
    "colleagues-recorded": {
      ...controlled,
      rights: { ...controlled.rights, record: true },
      recording,
      colleagues: [bert, { ...bert, name: "carla", display: "Carla Übermeier-Schmidt" }],
      question: question("control", { window: false, by: { name: "bert", display: "Bert Maier", company: "Beispiel Software" } }),
    },
    "question-colleague": { ...viewing, question: question("colleague", { colleague: { who: bert, for: "control" } }) },
    "question-colleague-here": {
      ...viewing,
      question: question("colleague", { window: false, colleague: { who: bert, for: "see" } }),
    },
    "question-record": { ...viewing, question: question("record") },
    "question-record-here": { ...viewing, question: question("record", { window: false }) },
    "question-recorded-controlled": {
      ...controlled,
      rights: { ...controlled.rights, record: true },
      recording,
      question: question("files", { window: false, file: program }),
      files: [...offered, program],
    },
    "question-recorded": { ...recorded, recording, question: question("control", { window: false }) },
    "question-file": { ...viewing, question: question("files", { file: report }), files: [...offered, report] },
    "question-program": { ...viewing, question: question("files", { file: program }), files: [...offered, program] },
    "question-file-here": { ...base, question: question("files", { window: false, file: report }), files: [report] },
    "question-program-here": {
      ...controlled,
      question: question("files", { window: false, file: program }),
      files: [...offered, program],
    },
    files: { ...viewing, files: offered },
    "files-controlled": { ...controlled, files: offered },
    "files-showing": { ...base, direction: "advisor", rights: { ...base.rights, show: true }, files: offered },
    "files-paused": { ...viewing, direction: "none", paused: true, files: offered },
    "files-away": { ...viewing, phase: "away", direction: "none", viewers: [], files: offered },
    // One file to save beside them opens the list.
    "files-to-give": { ...base, files: [offered[3], ...giving] },
    "files-to-give-controlled": { ...controlled, files: [offered[3], ...giving] },
    "files-to-give-paused": { ...viewing, direction: "none", paused: true, files: [offered[3], ...giving] },
    "question-give": { ...controlled, question: question("files", { file: giving[4] }), files: giving },
    "question-give-here": { ...controlled, question: question("files", { window: false, file: giving[4] }), files: giving },
    gateway: { ...viewing, line: "gateway", viewers: [{ door: "vnc", line: "gateway", from: "198.51.100.20" }] },
    "partly-controlled": {
      ...viewing,
      share: apps,
      line: "partly",
      viewers: [{ door: "helper", line: "partly", from: "198.51.100.20", code: "7310" }],
      rights: { ...base.rights, view: true, point: true, control: true, clipboard: true },
      hands: true,
    },
    paused: { ...viewing, direction: "none", paused: true },
    answering: { ...viewing, answer: "control" },
    away: { ...base, phase: "away" },
    "away-viewing": { ...viewing, phase: "away", direction: "none", viewers: [] },
    ended: { ...base, phase: "ended", reason: "advisor", record, recordJSON: "{}\n" },
    "ended-survey": {
      ...base,
      phase: "ended",
      reason: "advisor",
      record,
      recordJSON: "{}\n",
      survey: {
        question: "Haben wir Ihr Problem zu Ihrer Zufriedenheit gelöst, und würden Sie uns noch einmal anrufen?",
        address: "https://support.example.com/answer/AAAAAAAAAAAAAAAAAAAAAA",
      },
    },
    "ended-files": {
      ...base,
      phase: "ended",
      reason: "customer",
      record,
      files: [{ ...offered[1], state: "ended", why: "over" }, offered[2]],
    },
    burnt: { ...fresh, phase: "ended", reason: "burnt" },
    hostile: {
      ...viewing,
      advisor: {
        name: "x",
        display: "<img src=x onerror=alert(1)> " + "Eva".repeat(60),
        company: "</p><script>alert(2)</script>",
      },
      gateway: "<b>bold</b>.example.com",
      files: [
        file(9, "<img src=x onerror=alert(3)>" + "ä".repeat(220) + ".exe", 2 ** 50, "program", "accepted", { key: "../api" }),
      ],
    },
  };
}

// Renders pages and states from canned snapshots into a folder:
//   npm run build && node scripts/screenshots.mjs OUT
// Nothing real is needed: a small server inside plays the gateway and the agent.

import { chromium } from "playwright-core";
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { panelStates } from "./states.mjs";

const out = process.argv[2];
if (!out) throw new Error("usage: node scripts/screenshots.mjs FOLDER");
const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'";
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const mock = { downloads: [], signedIn: false, sessions: [], panel: null };

const files = [
  { os: "windows", arch: "amd64", file: "lotse-agent.exe", size: 7_512_064 },
  { os: "linux", arch: "amd64", file: "lotse-agent-linux-amd64", size: 8_056_832 },
  { os: "darwin", arch: "arm64", file: "lotse-agent-darwin-arm64", size: 7_158_784 },
].map((f) => ({ ...f, sha256: createHash("sha256").update(f.file).digest("hex") }));

function api(path, method) {
  const me = { name: "anna", display: "Anna Berger", company: "Beispiel Software GmbH", csrf: "x" };
  if (path === "/api/v1/info") return [200, { name: "Beispiel Software", version: "1.0.0", downloads: mock.downloads }];
  if (path === "/api/v1/me") return mock.signedIn ? [200, me] : [401, { error: { code: "unauthorized", message: "" } }];
  if (path === "/api/v1/sessions" && method === "POST") return [201, { place: "4821", expires: "2026-01-01T12:00:00Z" }];
  if (path === "/api/v1/sessions") return [200, { sessions: mock.sessions }];
  if (path === "/api/open") return [200, { key: "k" }];
  return null;
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://mock");
  const answer = api(pathname, request.method);
  if (answer) {
    response.writeHead(answer[0], { "Content-Type": "application/json" });
    return response.end(JSON.stringify(answer[1]));
  }
  const page = { "/": "gateway/index.html", "/advisor": "gateway/advisor.html", "/panel": "panel/panel.html" }[pathname];
  const site = request.headers.referer?.endsWith("/panel") ? "panel" : "gateway";
  try {
    const name = page ?? site + pathname;
    const body = await readFile(join(dist, name));
    response.writeHead(200, { "Content-Type": types[extname(name)] ?? "text/plain", "Content-Security-Policy": policy });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
await mkdir(out, { recursive: true });

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
let problems = 0;

async function shot(name, { lang = "de", dark = false, phone = false, path, prepare }) {
  const context = await browser.newContext({
    locale: lang,
    colorScheme: dark ? "dark" : "light",
    viewport: phone ? { width: 360, height: 740 } : { width: 1200, height: 800 },
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.on("pageerror", (e) => report(name, e));
  page.on("console", (m) => m.type() === "error" && !/401/.test(m.text()) && report(name, m.text()));
  await page.routeWebSocket(/\/api\/events$/, (socket) => socket.onMessage(() => socket.send(JSON.stringify(mock.panel))));
  await page.routeWebSocket(/\/owner$/, (socket) =>
    socket.send(
      JSON.stringify({
        type: "state",
        state: "waiting",
        reason: "",
        since: "2026-01-01T11:30:00Z",
        expires: "2026-01-01T12:00:00Z",
      }),
    ),
  );
  await page.goto(origin + path);
  await prepare?.(page);
  await page.waitForTimeout(250);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  if (wide) report(name, "wider than the window");
  await page.screenshot({ path: join(out, name + ".png"), fullPage: true });
  await context.close();
}

function report(name, what) {
  problems++;
  console.error(`${name}: ${what}`);
}

const looks = [
  { suffix: "de", lang: "de" },
  { suffix: "en-dark", lang: "en", dark: true },
  { suffix: "de-phone", lang: "de", phone: true },
];

try {
  for (const { suffix, ...look } of looks) {
    for (const [name, snapshot] of Object.entries(panelStates(look.lang))) {
      mock.panel = snapshot;
      await shot(`panel-${name}-${suffix}`, { ...look, path: "/panel#t=x" });
    }
    mock.downloads = [];
    await shot(`customer-none-${suffix}`, { ...look, path: "/" });
    mock.downloads = files;
    await shot(`customer-${suffix}`, { ...look, path: "/#n=482193057" });
    mock.signedIn = false;
    await shot(`advisor-signin-${suffix}`, { ...look, path: "/advisor" });
    mock.signedIn = true;
    mock.sessions = [{ place: "7310", state: "joined", since: "2026-01-01T11:00:00Z", expires: "2026-01-01T23:00:00Z" }];
    await shot(`advisor-empty-${suffix}`, { ...look, path: "/advisor" });
    await shot(`advisor-waiting-${suffix}`, {
      ...look,
      path: "/advisor",
      prepare: (page) => page.getByTestId("new-session").click(),
    });
  }
} finally {
  await browser.close();
  server.close();
}
console.log(problems === 0 ? `pictures are in ${out}` : `${problems} problems`);
process.exitCode = problems === 0 ? 0 : 1;

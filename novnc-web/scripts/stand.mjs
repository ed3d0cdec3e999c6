// A small server that plays the gateway and the customer's program, and a Chromium with the real
// pages: for pictures of every state (screenshots.mjs) and for tests (pages.mjs).

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { MockGateway } from "./mockgateway.mjs";
import { acceptWebSocket } from "./websocket.mjs";

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
  // The picker chooses a test picture by itself.
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
];

export const gateway = new MockGateway();
async function bundle(entry, options) {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "warning",
    ...options,
  });
  return outputFiles[0].text;
}

const puppetScript = await bundle("test/puppet.ts", {});
const nodeServer = await bundle("test/nodeserver.ts", { platform: "node" });
const { serveDesk } = await import("data:text/javascript;base64," + Buffer.from(nodeServer).toString("base64"));

/**
 * What the server answers, and what the panel sent it. The list of programs comes once `listed`
 * resolves, unless `broken`.
 */
export const mock = {
  downloads: [],
  listed: Promise.resolve(),
  broken: false,
  signedIn: false,
  sessions: [],
  panel: null,
  sent: [],
};

/** When a new number stops being valid. */
const soon = () => new Date(Date.now() + 24 * 60_000).toISOString();

/** Programs that a gateway offers. */
export const files = [
  { os: "windows", arch: "amd64", file: "lotse-agent.exe", size: 7_512_064 },
  { os: "linux", arch: "amd64", file: "lotse-agent-linux-amd64", size: 8_056_832 },
  { os: "darwin", arch: "arm64", file: "lotse-agent-darwin-arm64", size: 7_158_784 },
].map((f) => ({
  ...f,
  name: "",
  signer: f.os === "windows" ? "Beispiel Software GmbH" : "",
  sha256: createHash("sha256").update(f.file).digest("hex"),
}));

function api(path, method, body) {
  const me = { name: "anna", display: "Anna Berger", company: "Beispiel Software GmbH", csrf: "x" };
  if (path === "/api/v1/info" && mock.broken) return [200, null];
  if (path === "/api/v1/info") return [200, { name: "Beispiel Software", version: "1.0.0", downloads: mock.downloads }];
  if (path === "/api/v1/me") return mock.signedIn ? [200, me] : [401, { error: { code: "unauthorized", message: "" } }];
  if (path === "/api/v1/sessions" && method === "POST") return [201, { place: "4821", expires: soon() }];
  if (/^\/api\/v1\/sessions\/[0-9]+\/streams$/.test(path)) return [201, gateway.openStream(JSON.parse(body).kind)];
  const bert = { name: "bert", display: "Bert Maier", company: "Beispiel Software GmbH" };
  if (path === "/api/v1/colleagues") return [200, { people: [bert, { ...bert, name: "carla", display: "Carla Schulz" }] }];
  if (/^\/api\/v1\/sessions\/[0-9]+\/colleagues/.test(path)) return [201, bert];
  if (path === "/api/v1/sessions") return [200, { sessions: mock.sessions }];
  if (path === "/api/open") return [200, { key: "k" }];
  return null;
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://mock");
  let body = "";
  for await (const part of request) body += part;
  if (pathname === "/api/v1/info") await mock.listed;
  const answer = api(pathname, request.method, body);
  if (pathname === "/api/thumbnail") {
    response.writeHead(200, { "Content-Type": "image/png" });
    return response.end(thumbnail);
  }
  if (pathname.startsWith("/file/")) {
    response.writeHead(200, { "Content-Disposition": "attachment; filename*=UTF-8''saved.exe" });
    return response.end("MZ");
  }
  if (pathname === "/puppet")
    return response.end('<!doctype html><link rel="icon" href="data:,"><script type="module" src="/puppet.js"></script>');
  if (pathname === "/puppet.js") {
    response.writeHead(200, { "Content-Type": "text/javascript" });
    return response.end(puppetScript);
  }
  if (answer) {
    response.writeHead(answer[0], { "Content-Type": "application/json" });
    return response.end(JSON.stringify(answer[1]));
  }
  const page = { "/": "gateway/index.html", "/advisor": "gateway/advisor.html", "/panel": "panel/panel.html" }[pathname];
  const names = page ? [page] : ["gateway" + pathname, "panel" + pathname];
  for (const name of names) {
    for (const packed of ["", ".gz"]) {
      const file = await readFile(join(dist, name + packed)).catch(() => null);
      if (!file) continue;
      const headers = { "Content-Type": types[extname(name)] ?? "text/plain", "Content-Security-Policy": policy };
      response.writeHead(200, packed ? { ...headers, "Content-Encoding": "gzip" } : headers);
      return response.end(file);
    }
  }
  response.writeHead(404).end();
});
server.on("upgrade", (request, socket) => {
  let hear = null;
  const send = acceptWebSocket(request, socket, (message) => {
    if (hear) return hear(message);
    if (JSON.parse(message).key !== "k") return socket.destroy(); // agent/PANEL.md: the key comes first
    hear = request.url === "/api/show" ? serveDesk(send) : (said) => mock.sent.push(JSON.parse(said));
    if (request.url !== "/api/events") return;
    pushPanel = (snapshot) => send(JSON.stringify(snapshot));
    pushPanel(mock.panel);
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell",
  args: flags,
});

/** Sends a snapshot to the panel that was opened last. */
export let pushPanel = () => {};
let problems = 0;

export function report(name, what) {
  problems++;
  console.error(`${name}: ${what}`);
}

/** Ends everything, and returns how many problems were reported. */
export async function close() {
  await browser.close();
  server.close();
  return problems;
}

/** The smallest window in which the customer's panel needs no scrolling. */
export const smallWindow = { width: 420, height: 640 };
export const wideWindow = { width: 1200, height: 800 };

/**
 * What a browser complains of although all is well: a sign-in that is asked for, a camera that the
 * policy forbids, and a frame of a capture that ends, which Chromium drops itself (DECISIONS.md;
 * test/frames.test.ts proves that our own code closes every frame).
 */
const harmless = /401|camera is not allowed|A VideoFrame was garbage collected/;

/**
 * Opens a page. Whatever it complains of is reported under the name. `script` runs first; `agent`
 * is the browser's user agent, `size` that of the window.
 */
export async function open(
  name,
  { lang = "de", dark = false, phone = false, touch = false, script = null, agent, size = wideWindow },
  path,
) {
  const context = await browser.newContext({
    locale: lang,
    colorScheme: dark ? "dark" : "light",
    viewport: phone ? { width: 360, height: 740 } : size,
    ...(agent && { userAgent: agent }),
    ...(touch && { hasTouch: true, isMobile: true }),
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on("pageerror", (e) => report(name, e));
  page.on("console", (m) => m.type() === "error" && !harmless.test(m.text()) && report(name, m.text()));
  if (script) await page.addInitScript(script);
  // Where one WebSocket is played, noVNC takes none; the panel's are real.
  if (!path.startsWith("/panel")) await gateway.attach(page);
  await page.goto(origin + path);
  return page;
}

/** Reports a page that is wider than its window. */
export async function checkWidth(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  if (wide) report(name, "wider than the window");
}

const axeFile = new URL("../node_modules/axe-core/axe.min.js", import.meta.url);
const axeSource = await readFile(fileURLToPath(axeFile), "utf8");
const axeRules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Reports what keeps people from using a page, by those rules of WCAG 2.2 AA that axe-core has. */
export async function checkAccess(page, name) {
  // evaluate is not subject to the page's policy, which allows no foreign script.
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(axeSource);
  const found = await page.evaluate(
    (rules) => axe.run(document, { runOnly: rules, resultTypes: ["violations"] }).then((r) => r.violations),
    axeRules,
  );
  for (const { id, help, nodes } of found) report(name, `${id}: ${help}: ${nodes.map((n) => n.html.slice(0, 120)).join(" … ")}`);
}

/** Something like what a program would send. */
const thumbnail = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAUAAAADICAIAAAAWZq/8AAAL/UlEQVR42u3Tt5YDCUJA0f0cysm3pFarjaTyNsczfmZ3Zsd7A4WH7yXZiEwJ9YIihHfO/YX7uz/783FSAEIQgRgkYAGWYAXWYAO2YAcewB4cwBE8ghN4AmfwDF7AK3gDF3AFN5CCDOSgACWoQA0a0IIO9GAAvzOwgQ1sYAMb2MAGNrCBDTwv8F+MkwIQggjEIAELsAQrsAYbsAU78AD24ACO4BGcwBM4g2fwAl7BG7iAK7iBFGQgBwUoQQVq0IAWdKAHAzCwgQ1sYAMb2MAGNrCBDTwz8F+OkwIQggjEIAELsAQrsAYbsAU78AD24ACO4BGcwBM4g2fwAl7BG7iAK7iBFGQgBwUoQQVq0IAWdKAHAzCwgQ1sYAMb2MAGNrCBDTwz8F+NkwIQggjEIAELsAQrsAYbsAU78AD24ACO4BGcwBM4g2fwAl7BG7iAK7iBFGQgBwUoQQVq0IAWdKAHAzCwgQ1sYAMb2MAGNrCBDTwz8F+PkwIQggjEIAELsAQrsAYbsAU78AD24ACO4BGcwBM4g2fwAl7BG7iAK7iBFGQgBwUoQQVq0IAWdKAHAzCwgQ1sYAMb2MAGNrCBDTwz8N+MkwIQggjEIAELsAQrsAYbsAU78AD24ACO4BGcwBM4g2fwAl7BG7iAK7iBFGQgBwUoQQVq0IAWdKAHAzCwgQ1sYAMb2MAGNrCBDTwz8N+OkwIQggjEIAELsAQrsAYbsAU78AD24ACO4BGcwBM4g2fwAl7BG7iAK7iBFGQgBwUoQQVq0IAWdKAHAzCwgQ1sYAMb2MAGNrCBDTwz8N+NkwIQggjEIAELsAQrsAYbsAU78AD24ACO4BGcwBM4g2fwAl7BG7iAK7iBFGQgBwUoQQVq0IAWdKAHAzCwgQ1sYAMb2MD/3wL/6U//Jf1PBp4T+J1xUgBCEIEYJO8YWBD4nfEuBRnIQQFKUIEaNKAFHejBAAwsAxvYwDKwgSUDzwz87jgpACGIQAySdw0sCPzueJeCDOSgACWoQA0a0IIO9GAABpaBDWxgGdjAkoFnBn5vnBSAEEQgBsl7BhYEfm+8S0EGclCAElSgBg1oQQd6MAADy8AGNrAMbGDJwDMDvz9OCkAIIhCD5H0DCwK/P96lIAM5KEAJKlCDBrSgAz0YgIFlYAMbWAY2sGTgmYE/GCcFIAQRiEHygYEFgT8Y71KQgRwUoAQVqEEDWtCBHgzAwDKwgQ0sAxtYMvDMwB+OkwIQggjEIPnQwILAH453KchADgpQggrUoAEt6EAPBmBgGdjABpaBDSwZeGbgj8ZJAQhBBGKQfGRgQeCPxrsUZCAHBShBBWrQgBZ0oAcDMLAMbGADy8AGlgw8M/DH46QAhCACMUg+NrAg8MfjXQoykIMClKACNWhACzrQgwEYWAY2sIFlYANLBp4Z+JNxUgBCEIEYJJ8YWBD4k/EuBRnIQQFKUIEaNKAFHejBAAwsAxvYwDKwgSUDzwz8+3FSAEIQgRgkvzewIPDvx7sUZCAHBShBBWrQgBZ0oAcDMLAMbGADy8AGlgw8M/AfxkkBCEEEYpD8wcCCwH8Y71KQgRwUoAQVqEEDWtCBHgzAwDKwgQ0sAxtYMvDMwJ+OkwIQggjEIPnUwILAn453KchADgpQggrUoAEt6EAPBmBgGdjABpaBDSwZeGbgz8ZJAQhBBGKQfGZgQeDPxrsUZCAHBShBBWrQgBZ0oAcDMLAMbGADy8AGlgw8M/Afx0kBCEEEYpD80cCCwH8c71KQgRwUoAQVqEEDWtCBHgzAwDKwgQ0sAxtYMvDMwJ+PkwIQggjEIPncwILAn493KchADgpQggrUoAEt6EAPBmBgGdjABpaBDSwZeGbgL8ZJAQhBBGKQfGFgQeAvxrsUZCAHBShBBWrQgBZ0oAcDMLAMbGADy8AGlgw8M/CX46QAhCACMUi+NLAg8JfjXQoykIMClKACNWhACzrQgwEYWAY2sIFlYANLBp4Z+KtxUgBCEIEYJF8ZWBD4q/EuBRnIQQFKUIEaNKAFHejBAAwsAxvYwDKwgSUDzwz89TgpACGIQAySrw0sCPz1eJeCDOSgACWoQA0a0IIO9GAABpaBDWxgGdjAkoFnBv5mnBSAEEQgBsk3BhYE/ma8S0EGclCAElSgBg1oQQd6MAADy8AGNrAMbGDJwDMDfztOCkAIIhCD5FsDCwJ/O96lIAM5KEAJKlCDBrSgAz0YgIFlYAMbWAY2sGTgmYG/GycFIAQRiEHynYEFgb8b71KQgRwUoAQVqEEDWtCBHgzAwDKwgQ0sAxtYMvDMwN+PkwIQggjEIPnewILA3493KchADgpQggrUoAEt6EAPBmBgGdjABpaBDSwZeGbgH8ZJAQhBBGKQ/GBgQeAfxrsUZCAHBShBBWrQgBZ0oAcDMLAMbGADy8AGlgw8M/CP46QAhCACMUh+NLAg8I/jXQoykIMClKACNWhACzrQgwEYWAY2sIFlYANLBp4Z+KdxUgBCEIEYJD8ZWBD4p/EuBRnIQQFKUIEaNKAFHejBAAwsAxvYwDKwgSUDzwz88zgpACGIQAySnw0sCPzzeJeCDOSgACWoQA0a0IIO9GAABpaBDWxgGdjAkoFnBv5lnBSAEEQgBskvBhYE/mW8S0EGclCAElSgBg1oQQd6MAADy8AGNrAMbGDJwDMD/zpOCkAIIhCD5FcDCwL/Ot6lIAM5KEAJKlCDBrSgAz0YgIFlYAMbWAY2sGTgmYF/GycFIAQRiEHym4EFgX8b71KQgRwUoAQVqEEDWtCBHgzAwDKwgf9XgSctwBKswBpswBbswAPYgwM4gkdwAk/gDJ7BC3gFb+ACruAGDGxgAxv4/3Dgvx8nBSAEEYhBAhZgCVZgDTZgC3bgAezBARzBIziBJ3AGz+AFvII3cAFXcAMpyEAOClCCCtSgAS3oQA8GYGADG9jABjawgQ1sYAMbeGbgfxgnBSAEEYhBAhZgCVZgDTZgC3bgAezBARzBIziBJ3AGz+AFvII3cAFXcAMpyEAOClCCCtSgAS3oQA8GYGADG9jABjawgQ1sYAMbeGbgcZwUgBBEIAYJWIAlWIE12IAt2IEHsAcHcASP4ASewBk8gxfwCt7ABVzBDaQgAzkoQAkqUIMGtKADPRiAgQ1sYAMb2MAGNrCBDWzgmYH/cZwUgBBEIAYJWIAlWIE12IAt2IEHsAcHcASP4ASewBk8gxfwCt7ABVzBDaQgAzkoQAkqUIMGtKADPRiAgQ1sYAMb2MAGNrCBDWzgmYH/aZwUgBBEIAYJWIAlWIE12IAt2IEHsAcHcASP4ASewBk8gxfwCt7ABVzBDaQgAzkoQAkqUIMGtKADPRiAgQ1sYAMb2MAGNrCBDWzgmYH/eZwUgBBEIAYJWIAlWIE12IAt2IEHsAcHcASP4ASewBk8gxfwCt7ABVzBDaQgAzkoQAkqUIMGtKADPRiAgQ1sYAMb2MAGNrCBDWzgmYH/ZZwUgBBEIAYJWIAlWIE12IAt2IEHsAcHcASP4ASewBk8gxfwCt7ABVzBDaQgAzkoQAkqUIMGtKADPRiAgQ1sYAMb2MAGNrCBDWzgmYH/dZwUgBBEIAYJWIAlWIE12IAt2IEHsAcHcASP4ASewBk8gxfwCt7ABVzBDaQgAzkoQAkqUIMGtKADPRiAgQ1sYAMb2MAGNrCBDWzgmYH/bZwUgBBEIAYJWIAlWIE12IAt2IEHsAcHcASP4ASewBk8gxfwCt7ABVzBDaQgAzkoQAkqUIMGtKADPRiAgQ1sYAMb2MAGNrCBDWzgmYH/fZwUgBBEIAYJWIAlWIE12IAt2IEHsAcHcASP4ASewBk8gxfwCt7ABVzBDaQgAzkoQAkqUIMGtKADPRiAgQ1sYAMb2MAGNrCBDWzgmYH/Y5wUgBBEIAYJWIAlWIE12IAt2IEHsAcHcASP4ASewBk8gxfwCt7ABVzBDaQgAzkoQAkqUIMGtKADPRiAgQ1sYAMb2MAGNrCBDWzgmYH/c5wUgBBEIAYJWIAlWIE12IAt2IEHsAcHcASP4ASewBk8gxfwCt7ABVzBDaQgAzkoQAkqUIMGtKADPRiAgQ1sYAMb2MAGNrCBDWzgWYH/G5UJSEyRgDIfAAAAAElFTkSuQmCC",
  "base64",
);

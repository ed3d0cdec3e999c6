// Runs test/chromium.ts and test/chromium-share.ts in a real Chromium: `npm run
// chromium`, with --bench for how fast the seal and the RFB server are there.

import { build } from "esbuild";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const scripts = {};
for (const [name, entry] of Object.entries({
  "seal.js": "test/chromium.ts",
  "share.js": "test/chromium-share.ts",
  "worker.js": "src/share/worker.ts",
})) {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
    entryPoints: [entry],
    bundle: true,
    format: "esm", // noVNC awaits at its top level
    target: "es2022",
    define: { SHARE_WORKER: '"/worker.js"' },
    write: false,
    logLevel: "warning",
  });
  scripts[name] = outputFiles[0].text;
}
// Web Crypto is there on loopback, as in a secure context. The policy is the gateway's.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'";
const server = createServer((request, response) => {
  const script = scripts[request.url.slice(1)];
  response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
  response.setHeader("Content-Security-Policy", policy);
  response.end(script ?? `<!doctype html><script type="module" src="${request.url.slice(1)}.js"></script>`);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
  ],
});
const bench = process.argv.includes("--bench");
const origin = `http://127.0.0.1:${server.address().port}/`;
let passed = 0;
let failed = 0;

async function run(name, call, count) {
  const page = await browser.newPage();
  try {
    page.on("pageerror", (e) => console.error(`${name}: ${e}`));
    await page.goto(origin + name);
    await page.waitForFunction((f) => f in window, call);
    const result = await page.evaluate(([f, b]) => window[f](b), [call, bench]);
    for (const [what, value] of Object.entries(result)) console.log(`${what}: ${Math.round(value * 10) / 10}`);
    passed += count(result);
  } catch (e) {
    console.error(String(e));
    failed++;
  } finally {
    await page.close();
  }
}

try {
  await run("seal", "sealInBrowser", (r) => r.vectors + r.mutations + r.desktops);
  await run("share", "shareInBrowser", (r) => r.pictures);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await browser.close();
  server.close();
}

// Runs test/chromium.ts in a real Chromium: `npm run chromium`, with --bench
// for how fast the seal is there.

import { build } from "esbuild";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const { outputFiles } = await build({
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  entryPoints: ["test/chromium.ts"],
  bundle: true,
  format: "iife",
  target: "es2022",
  write: false,
  logLevel: "warning",
});
// Web Crypto is there on loopback, as in a secure context.
const server = createServer((request, response) => {
  const script = request.url === "/script.js";
  response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
  response.end(script ? outputFiles[0].text : "<!doctype html><script src=script.js></script>");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
  ],
});
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const bench = process.argv.includes("--bench");
  const result = await page.evaluate((b) => window.sealInBrowser(b), bench);
  for (const [what, value] of Object.entries(result)) console.log(`${what}: ${Math.round(value * 10) / 10}`);
  console.log(`${result.vectors + result.mutations} passed, 0 failed`);
} catch (e) {
  console.error(String(e));
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
} finally {
  await browser.close();
  server.close();
}

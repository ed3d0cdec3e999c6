// Compiles the tests and hands them to node's runner, whose closing lines stay visible.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const names = (await readdir(join(root, "test"))).filter((f) => f.endsWith(".test.ts"));
const out = await mkdtemp(join(tmpdir(), "lotse-web-test-"));
try {
  await build({
    absWorkingDir: root,
    entryPoints: names.map((f) => "test/" + f),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    alias: { "@novnc/novnc": "./test/fakenovnc.ts" }, // it needs a screen
    logLevel: "warning",
  });
  const files = names.map((f) => join(out, f.replace(/\.ts$/, ".mjs")));
  const { status } = spawnSync(process.execPath, ["--test", "--enable-source-maps", ...files], { stdio: "inherit", cwd: root });
  process.exitCode = status ?? 1;
} finally {
  await rm(out, { recursive: true, force: true });
}

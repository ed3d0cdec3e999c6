// Builds dist/gateway and dist/panel: pages without inline code, assets with
// their content's hash in the name. The .keep files stay: Go embeds the
// folders even when nothing was built.

import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const sites = [
  {
    folder: "gateway",
    worker: "src/share/worker.ts",
    pages: [
      { html: "index.html", script: "src/customer/main.ts" },
      { html: "advisor.html", script: "src/advisor/main.ts" },
    ],
  },
  { folder: "panel", packed: true, pages: [{ html: "panel.html", script: "src/panel/main.ts" }] },
];

/** The packages whose code the pages contain; a release lists them with their licences. */
const packages = new Set();

function note({ inputs }) {
  for (const file of Object.keys(inputs)) {
    const [, name] = file.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/) ?? [];
    if (name) packages.add(name);
  }
}

async function buildSite({ folder, pages, worker, packed }) {
  const out = join(root, "dist", folder);
  await mkdir(out, { recursive: true });
  for (const entry of await readdir(out)) if (entry !== ".keep") await rm(join(out, entry), { recursive: true });
  const options = {
    absWorkingDir: root,
    outdir: join(out, "assets"),
    entryNames: "[name]-[hash]",
    bundle: true,
    format: "esm", // noVNC awaits at its top level
    splitting: true, // noVNC is loaded where it is needed
    chunkNames: "[name]-[hash]",
    target: ["es2022", "chrome109", "firefox115", "safari16.4"],
    minify: true,
    legalComments: "external",
    metafile: true,
    logLevel: "warning",
  };
  const outputs = {};
  // Pages must know the worker's name, so it is built before them.
  if (worker) {
    const { metafile } = await build({ ...options, entryPoints: [{ in: worker, out: "share" }] });
    note(metafile);
    Object.assign(outputs, metafile.outputs);
  }
  const address = JSON.stringify(worker ? "/assets/" + basename(scriptOf(outputs, worker)) : "");
  const result = await build({
    ...options,
    entryPoints: [...pages.map((p) => ({ in: p.script, out: name(p.html) })), { in: "src/styles/all.css", out: "lotse" }],
    define: { SHARE_WORKER: address },
  });
  note(result.metafile);
  Object.assign(outputs, result.metafile.outputs);

  const built = new Map(Object.entries(outputs).map(([file, o]) => [o.entryPoint, basename(file)]));
  for (const page of pages) {
    const html = (await readFile(join(root, "src/pages", page.html), "utf8"))
      .replace("STYLE", "/assets/" + built.get("src/styles/all.css"))
      .replace("SCRIPT", "/assets/" + built.get(page.script))
      .replace("NOSCRIPT", await withoutScript());
    await writeFile(join(out, page.html), html);
  }
  if (packed) await pack(out);
  for (const [file, o] of Object.entries(outputs)) console.log(`${file}  ${(o.bytes / 1024).toFixed(1)} KiB`);
}

/** What a page says that runs no script: the same in every language. */
async function withoutScript() {
  const folder = join(root, "../i18n");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  const texts = await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8"))));
  return texts.map((t) => `<p lang="${t["language.tag"]}">${t["common.noScript"]}</p>`).join("");
}

/** The panel is part of the customer's program, where each byte counts: browsers unpack it. */
async function pack(folder) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === ".keep") continue;
    const file = join(entry.parentPath, entry.name);
    await writeFile(file + ".gz", gzipSync(await readFile(file), { level: 9 }));
    await rm(file);
  }
}

function scriptOf(outputs, source) {
  return Object.entries(outputs).find(([, o]) => o.entryPoint === source)[0];
}

function name(html) {
  const base = basename(html, ".html");
  return base === "index" ? "customer" : base;
}

for (const site of sites) await buildSite(site);
await writeFile(join(root, "dist/packages.json"), JSON.stringify([...packages].sort()) + "\n");

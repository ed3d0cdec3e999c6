// Serves a page with every control of the pages: `make web-gallery`. Ctrl-C ends it.

import { context } from "esbuild";
import { fileURLToPath } from "node:url";

const pages = "src/pages"; // has gallery.html
const build = await context({
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  entryPoints: [
    { in: "src/ui/gallery.ts", out: "gallery" },
    { in: "src/styles/all.css", out: "all" },
  ],
  bundle: true,
  format: "esm",
  outdir: pages,
  write: false,
});
const { hosts, port } = await build.serve({ host: "127.0.0.1", servedir: pages });
console.log(`http://${hosts[0]}:${port}/gallery.html`);

// Drives a real Chromium for the Go tests: one JSON command a line on standard
// input, one JSON answer a line on standard output.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(new URL("../novnc-web/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const timeout = Number(process.env.LOTSE_E2E_TIMEOUT ?? 12_000);
// A screen can be captured in a window only, and without the picker only by flags.
const headed = Boolean(process.env.LOTSE_E2E_HEADED);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  headless: !headed,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    ...(process.env.LOTSE_E2E_FLAGS?.split("\n") ?? []),
  ],
});
const pages = new Map();
const complaints = [];
const downloads = new Map();
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function pageOf({ page: name, proxy, agent }) {
  if (pages.has(name)) return pages.get(name);
  const context = await browser.newContext({
    ...(proxy ? { proxy: { server: proxy, bypass: "<-loopback>" } } : {}),
    ...(agent ? { userAgent: agent } : {}),
    ignoreHTTPSErrors: true, // the test's own authority
    viewport: headed ? null : { width: 1280, height: 900 },
    locale: process.env.LOTSE_E2E_LOCALE ?? "en-US",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(timeout);
  page.on("pageerror", (e) => complaints.push(`${name}: ${e}`));
  page.on("console", (m) => {
    if (m.type() === "error") complaints.push(`${name}: ${m.text()}`);
  });
  // A page that shows a screen asks before it is left.
  page.on("dialog", (d) => void d.accept().catch(() => {}));
  page.on("download", (d) => downloads.set(page, d));
  pages.set(name, page);
  return page;
}

const at = (page, id) => page.locator(`[data-testid="${id}"]`);

const commands = {
  open: async (page, c) => void (await page.goto(c.url)),
  reload: async (page) => void (await page.reload()),
  // Presses what saves a file until the browser begins; a list that has just opened by itself
  // ignores presses for a moment. saved waits until the browser has saved it.
  saves: async (page, c) => {
    while (!downloads.has(page)) {
      await at(page, c.id).first().click({ timeout: 500 }).catch(() => {});
      await pause(250);
    }
  },
  choose: async (page, c) => void (await at(page, c.id).first().setInputFiles(c.value)),
  saved: async (page) => {
    for (let waited = 0; !downloads.has(page); waited += 50) {
      if (waited > timeout) throw new Error("nothing was saved");
      await pause(50);
    }
    const download = downloads.get(page);
    downloads.delete(page);
    const failed = await download.failure();
    if (failed) throw new Error(`the download failed: ${failed}`);
    return `${download.suggestedFilename()}\n${await download.path()}`;
  },
  focus: async (page, c) => void (await at(page, c.id).focus()),
  // Of several the one that can be seen: two choosers may be drawn.
  click: async (page, c) => void (await page.locator(`[data-testid="${c.id}"]${c.value ?? ""}:visible`).click()),
  fill: async (page, c) => void (await at(page, c.id).fill(c.value)),
  select: async (page, c) => void (await at(page, c.id).selectOption(c.value)),
  text: async (page, c) => ((await at(page, c.id).first().textContent()) ?? "").trim(),
  visible: async (page, c) => String(await at(page, c.id).first().isVisible()),
  enabled: async (page, c) => String(await at(page, c.id).first().isEnabled({ timeout: 1000 }).catch(() => false)),
  // The middle of an element in the display's coordinates.
  onScreen: async (page, c) =>
    await at(page, c.id).first().evaluate((e) => {
      e.scrollIntoView({ block: "center" });
      const r = e.getBoundingClientRect();
      const left = window.screenX + (window.outerWidth - window.innerWidth) / 2;
      const top = window.screenY + (window.outerHeight - window.innerHeight);
      return `${Math.round(left + r.x + r.width / 2)} ${Math.round(top + r.y + r.height / 2)}`;
    }),
  wait: async (page, c) => void (await page.locator(`[data-testid="${c.id}"]${c.value}`).first().waitFor({ state: c.hidden ? "hidden" : "visible" })),
  key: async (page, c) => {
    const cdp = await page.context().newCDPSession(page);
    for (const type of ["keyDown", "keyUp"]) {
      await cdp.send("Input.dispatchKeyEvent", { type, key: c.value, code: c.code ?? "", ...(type === "keyDown" && c.value.length === 1 ? { text: c.value } : {}) });
    }
    await cdp.detach();
  },
  clickAt: async (page, c) => {
    const canvas = page.locator("canvas").first();
    const box = await canvas.boundingBox();
    const size = await canvas.evaluate((e) => [e.width, e.height]);
    await page.mouse.click(box.x + (c.x * box.width) / size[0], box.y + (c.y * box.height) / size[1]);
  },
  // The canvas as it was decoded, not as it is scaled on the page.
  canvas: async (page) => await page.locator("canvas").first().evaluate((e) => e.toDataURL("image/png").split(",")[1] ?? ""),
  // Presses a button that moves away before the release.
  pressMoving: async (page, c) => {
    const button = page.locator(`[data-testid="${c.id}"]`);
    // Something else may come, and move the button, before it is pressed.
    for (let pressed = false; !pressed; ) {
      await button.scrollIntoViewIfNeeded();
      const box = await button.boundingBox();
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      pressed = await button.evaluate((el) => el.matches(":active"));
      if (!pressed) {
        await page.mouse.move(0, 0);
        await page.mouse.up();
      }
    }
    const moved = await button.evaluate((el) => {
      const before = el.getBoundingClientRect().y;
      document.documentElement.style.overflowAnchor = "none";
      document.body.prepend(document.createElement("div"));
      document.body.firstChild.style.height = "120px";
      return el.getBoundingClientRect().y - before;
    });
    await page.mouse.up();
    await page.evaluate(() => document.body.firstChild.remove());
    return String(moved);
  },
  // An image of the page in its own size; "" while it shows none.
  image: async (page, c) =>
    await page.locator(`[data-testid="${c.id}"]${c.value ?? ""}`).evaluateAll(([img]) => {
      if (!img || img.hidden || !img.complete || img.naturalWidth === 0) return "";
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
      canvas.getContext("2d").drawImage(img, 0, 0);
      return canvas.toDataURL("image/png").split(",")[1];
    }),
  // From now on notes whether both of two elements can be seen at any moment.
  watchBoth: async (page, c) =>
    void (await page.evaluate((ids) => {
      const seen = (id) => document.querySelector(`[data-testid="${id}"]`)?.checkVisibility() === true;
      globalThis.both = 0;
      const look = () => {
        if (ids.every(seen)) globalThis.both++;
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
      look();
    }, c.ids)),
  timesBoth: async (page) => String(await page.evaluate(() => globalThis.both)),
  // Milliseconds from a click to a whole picture: noVNC's canvas is black until
  // then, and the test's desktop is so nowhere but at the pointer.
  firstPicture: async (page, c) =>
    await at(page, c.id).evaluate(
      (button, { size, timeout }) =>
        new Promise((resolve, reject) => {
          setTimeout(() => reject(new Error("no picture")), timeout);
          const began = performance.now();
          button.click();
          const look = () => {
            const canvas = document.querySelector("canvas");
            const drawn = (x, y) => canvas.getContext("2d").getImageData(x, y, 1, 1).data.slice(0, 3).some((v) => v > 0);
            const [w, h] = size;
            const all = [0.1, 0.4, 0.9].flatMap((x) => [0.1, 0.4, 0.9].map((y) => [Math.floor(x * w), Math.floor(y * h)]));
            if (canvas?.width === w && canvas.height === h && all.every(([x, y]) => drawn(x, y))) resolve(String(performance.now() - began));
            else requestAnimationFrame(look);
          };
          look();
        }),
      { size: c.size, timeout },
    ),
  download: async (page, c) => {
    const [file] = await Promise.all([page.waitForEvent("download"), at(page, c.id).click()]);
    await file.saveAs(c.value);
    return file.suggestedFilename();
  },
  count: async (page, c) => String(await page.locator(c.value).count()),
  eval: async (page, c) => String((await page.evaluate(`(${c.value})()`)) ?? ""),
  screenshot: async (page, c) => void (await page.screenshot({ path: c.value })),
  close: async (page, c) => {
    pages.delete(c.page);
    await page.context().close();
  },
};

// Commands about all pages whose names begin alike.
const scopeCommands = {
  complaints: async (scope) => complaints.filter((line) => line.startsWith(scope)).join("\n"),
  forget: async (scope) => {
    for (const [name, page] of pages) {
      if (!name.startsWith(scope)) continue;
      pages.delete(name);
      await page.context().close();
    }
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const c = JSON.parse(line);
    const value = c.do in scopeCommands ? await scopeCommands[c.do](c.page) : await commands[c.do](await pageOf(c), c);
    answer = { value: value ?? "" };
  } catch (e) {
    answer = { error: String(e) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();

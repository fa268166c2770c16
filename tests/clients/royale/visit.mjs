// Opens a page that Royale made, in a headless Chromium, and prints what it reports.
//
//   node visit.mjs <page URL> <folder with node_modules>
//
// Stdin: what the page finds in `window.visit`, see Visit.as.
// Stdout: what it left in `window.reported`. Exit code: 0 when it did, 1 when it did not.

import { mkdtemp, rm } from "node:fs/promises";
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { text } from "node:stream/consumers";

const LIMIT = 60_000;

const [url, modules] = process.argv.slice(2);
if (!modules) {
  console.error("usage: node visit.mjs <page URL> <folder with node_modules>");
  process.exit(2);
}
const { chromium } = createRequire(resolve(modules, "here.js"))("playwright-core");
const visit = JSON.parse(await text(process.stdin));
const profile = await mkdtemp(join(tmpdir(), "royale-"));
let exit = 1;
try {
  const report = await reported();
  await new Promise((done) => process.stdout.write(report + "\n", done));
  exit = 0;
} catch (error) {
  console.error(error.message);
} finally {
  await rm(profile, { recursive: true, force: true, maxRetries: 3 });
}
process.exit(exit);

async function reported() {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: program(),
    headless: true,
    timeout: LIMIT,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
      "--disable-background-networking", "--disable-component-update",
    ],
  });
  try {
    const page = await context.newPage();
    const broken = new Promise((_, failed) => page.on("pageerror", failed));
    broken.catch(() => {});
    page.on("console", (message) => console.error(`console: ${message.text()}`));
    await page.addInitScript((visit) => { window.visit = visit; }, visit);
    await page.goto(url, { timeout: LIMIT });
    const done = page.waitForFunction(() => window.reported !== undefined, undefined, { timeout: LIMIT });
    await Promise.race([broken, done]);
    return await page.evaluate(() => window.reported);
  } finally {
    await context.close();
  }
}

function program() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const places = folders.flatMap((folder) => [join(folder, "chromium"), join(folder, "chromium-browser")]);
  const found = [process.env.CHROMIUM, ...places].find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error("there is no chromium in PATH, and CHROMIUM names none");
  return found;
}

// Opens a page that Royale made, in a headless Chromium, and prints what it reports.
//
//   node visit.mjs <page URL> <folder with node_modules>
//
// Stdin: what the page finds in `window.visit`, see Visit.as.
// Stdout: what it left in `window.reported`. Exit code: 0 when it did, 1 when it did not.

import { text } from "node:stream/consumers";

import { inBrowser } from "../browser.mjs";

const LIMIT = 60_000;

const [url, modules] = process.argv.slice(2);
if (!modules) {
  console.error("usage: node visit.mjs <page URL> <folder with node_modules>");
  process.exit(2);
}
const visit = JSON.parse(await text(process.stdin));
let exit = 1;
try {
  const report = await inBrowser(modules, LIMIT, reported);
  await new Promise((done) => process.stdout.write(report + "\n", done));
  exit = 0;
} catch (error) {
  console.error(error.message);
}
process.exit(exit);

async function reported(page) {
  const broken = new Promise((_, failed) => page.on("pageerror", failed));
  broken.catch(() => {});
  page.on("console", (message) => console.error(`console: ${message.text()}`));
  await page.addInitScript((visit) => { window.visit = visit; }, visit);
  await page.goto(url, { timeout: LIMIT });
  const done = page.waitForFunction(() => window.reported !== undefined, undefined, { timeout: LIMIT });
  await Promise.race([broken, done]);
  return await page.evaluate(() => window.reported);
}

// Draws with two others on the whiteboard's page, in a headless Chromium, and prints what it saw.
//
//   node whiteboard.mjs <page URL> <folder with node_modules>
//
// Stdin: {"already": a stroke that is there before anybody comes, "paths": what the two draw, "later": a stroke that
// comes when both are done, "rest": where the mouse of the first is then}; strokes are {"color", "points"}, points are
// [x, y] on the stage, and the pixels between the first two of each are its own.
// Stdout: {"colors": of the strokes of the two, as the other sees them}.
// SCREENSHOT names a folder for pictures of both pages, before the wipe.
//
// Ruffle comes from the folder, where the page has it from the net. What is seen is read from pictures of the pages.

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

import { inBrowser } from "../browser.mjs";

const LIMIT = 15_000;
const NET = "https://unpkg.com/@ruffle-rs/ruffle@";
const WHITE = 0xffffff;

const [url, modules] = process.argv.slice(2);
if (!modules) {
  console.error("usage: node whiteboard.mjs <page URL> <folder with node_modules>");
  process.exit(2);
}
const { already, paths, later, rest } = JSON.parse(await text(process.stdin));

let exit = 1;
try {
  const report = await inBrowser(modules, 4 * LIMIT, visit);
  await new Promise((done) => process.stdout.write(JSON.stringify(report) + "\n", done));
  exit = 0;
} catch (error) {
  console.error(error.stack);
}
process.exit(exit);

async function visit(page) {
  const first = await open(page);
  await sees(first, already.points, already.color);
  await draw(first, paths[0]);
  const own = await sees(first, paths[0]);

  // Who comes late sees all.
  const second = await open(await page.context().newPage());
  await sees(second, already.points, already.color);
  const colors = [await sees(second, paths[0], own)];
  await draw(second, paths[1]);
  colors.push(await sees(first, paths[1]));
  for (const board of [first, second]) await sees(board, later.points, later.color);

  await move(first, rest);
  await sees(second, [rest, rest], own);
  await take(first, "first");
  await take(second, "second");
  await second.page.close();

  const { width, height } = first.stage;
  await move(first, [width - 20, height - 15]);
  await first.page.mouse.down();
  await first.page.mouse.up();
  for (const points of [already.points, ...paths, later.points]) await sees(first, points, WHITE);
  return { colors };
}

/** The page, with its stage where the movie is to be. */
async function open(page) {
  page.on("console", (message) => console.error(`console: ${message.text()}`));
  page.on("pageerror", (error) => console.error(`page: ${error.message}`));
  // Where WebGL has no graphics card, Ruffle is too busy with it to hear of the mouse.
  await page.addInitScript(() => { window.RufflePlayer = { config: { preferredRenderer: "canvas" } }; });
  await page.route(`${NET}**`, fromFolder);
  await page.goto(url, { timeout: LIMIT });
  return { page, stage: await page.locator("#stage").boundingBox() };
}

async function fromFolder(route) {
  const folder = resolve(modules, "node_modules/@ruffle-rs/ruffle");
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = new URL(route.request().url()).pathname.split(`@${version}/`)[1];
  if (!file) throw new Error(`${route.request().url()} is not of version ${version}, which is installed`);
  await route.fulfill({ path: join(folder, file), headers: { "access-control-allow-origin": "*" } });
}

async function move({ page, stage }, [x, y]) {
  await page.mouse.move(stage.x + x, stage.y + y);
}

async function draw(board, [from, ...path]) {
  await move(board, from);
  await board.page.mouse.down();
  for (const point of path) await move(board, point);
  await board.page.mouse.up();
}

/** Waits until the pixel between the first two points has this color, or without one any but white; gives it. */
async function sees(board, [[x, y], [u, v]], wanted) {
  const at = [Math.round((x + u) / 2), Math.round((y + v) / 2)];
  const end = Date.now() + LIMIT;
  for (;;) {
    const color = await pixel(board, at);
    if (wanted === undefined ? color !== WHITE : color === wanted) return color;
    if (Date.now() > end) {
      await take(board, "failed");
      throw new Error(`the pixel at ${at} is #${color.toString(16)}, not ${wanted === undefined ? "drawn" : `#${wanted.toString(16)}`}`);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function pixel({ page, stage }, [x, y]) {
  const clip = { x: Math.floor(stage.x + x), y: Math.floor(stage.y + y), width: 1, height: 1 };
  const picture = (await page.screenshot({ clip })).toString("base64");
  return page.evaluate(async (picture) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.drawImage(bitmap, 0, 0);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    return red << 16 | green << 8 | blue;
  }, picture);
}

async function take({ page }, name) {
  if (process.env.SCREENSHOT) await page.screenshot({ path: join(process.env.SCREENSHOT, `${name}.png`) });
}

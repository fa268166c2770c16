// Lets somebody in Ruffle talk in the lobby, and prints what the movie shows.
//
//   node talk.mjs <movie.swf> <folder with node_modules> <rtmp URL> <WebSocket URL>
//
// Stdin: {"name": who it is, "awaits": a line that somebody else shall say, "says": what is typed after it, "ends": the
// line after which the page is left}.
// Stdout: the lines that the movie showed, as a JSON array.

import { text } from "node:stream/consumers";

import { inBrowser } from "../browser.mjs";
import { socketProxy, stage } from "./stage.mjs";

const LIMIT = 40_000;

const [movie, modules, rtmp, proxyUrl] = process.argv.slice(2);
if (!proxyUrl) {
  console.error("usage: node talk.mjs <movie.swf> <folder with node_modules> <rtmp URL> <WebSocket URL>");
  process.exit(2);
}
const { name, awaits, says, ends } = JSON.parse(await text(process.stdin));
const options = { parameters: { name, rtmp }, socketProxy: socketProxy(rtmp, proxyUrl) };
const origin = await stage(modules, movie, () => options, (_, __, outgoing) => outgoing.writeHead(404).end());

const shown = [];
let exit = 1;
try {
  await inBrowser(modules, LIMIT, talk);
  await new Promise((done) => process.stdout.write(JSON.stringify(shown) + "\n", done));
  exit = 0;
} catch (error) {
  console.error(`${error.message}\nshown so far: ${JSON.stringify(shown)}`);
}
process.exit(exit);

async function talk(page) {
  const waiting = [];
  page.on("console", (message) => {
    const line = message.text();
    console.error(`console: ${line}`);
    // The movie's own lines; Ruffle's begin with a format.
    if (message.type() === "info" && !line.startsWith("%c")) shown.push(line);
    for (const look of waiting) look();
  });
  const line = (expected) => new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error(`the movie does not show: ${expected}`)), LIMIT);
    const look = () => shown.includes(expected) && (clearTimeout(timer), done());
    waiting.push(look);
    look();
  });
  await page.goto(`${origin}/`, { timeout: LIMIT });
  await line(awaits);
  // The line to type in is at the bottom, and has the focus as soon as the player has.
  const box = await page.locator("ruffle-player").boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height - 15);
  await page.keyboard.type(says);
  await page.keyboard.press("Enter");
  await line(ends);
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
}

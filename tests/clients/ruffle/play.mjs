// Plays a movie in Ruffle, in a headless Chromium, and prints what it reports.
//
//   node play.mjs <gateway URL> <movie.swf> <folder with node_modules> [<rtmp URL> <WebSocket URL>]
//
// Stdin: a JSON array of sessions for the movie (see Main.hx and RtmpMain.hx).
// Stdout: {"sessions": the movie's report, "packets": what went over the wire}.
// Exit code: 0 when the movie reported, 1 when it did not.
//
// The page, Ruffle, the movie and the gateway are served from one origin, so that no cross-origin
// rule stands between the movie and the gateway. Of the gateway there are these addresses:
//   /gateway           the bytes pass unchanged
//   /gateway/version3  the packet's version becomes 3 on the way in. Ruffle always writes 0, where
//                      Flash Player writes 3 for `objectEncoding = AMF3`; so the answers come in
//                      AMF3 and Ruffle shows how it reads them.
//   /gateway/none        HTTP status 404
//   /gateway/broken      HTTP status 500
//
// Where an rtmp URL is given, Ruffle makes a WebSocket to the other URL of each socket to its host and port.

import { request } from "node:http";
import { text } from "node:stream/consumers";

import { inBrowser } from "../browser.mjs";
import { socketProxy, stage } from "./stage.mjs";

const LIMIT = 120_000;

const [gateway, movie, modules, rtmp, proxyUrl] = process.argv.slice(2);
if (!modules) {
  console.error("usage: node play.mjs <gateway URL> <movie.swf> <folder with node_modules> [<rtmp URL> <WebSocket URL>]");
  process.exit(2);
}
const sessions = await text(process.stdin);

const packets = [];
const origin = await stage(modules, movie, (origin) => {
  return { parameters: { origin, sessions, rtmp }, socketProxy: rtmp ? socketProxy(rtmp, proxyUrl) : [] };
}, answer);
let exit = 1;
try {
  const report = { sessions: await inBrowser(modules, LIMIT / 2, play), packets };
  await new Promise((done) => process.stdout.write(JSON.stringify(report) + "\n", done));
  exit = 0;
} catch (error) {
  console.error(error.message);
  console.error(`the last packets: ${JSON.stringify(packets.slice(-2), null, 1).slice(0, 10_000)}`);
}
process.exit(exit);

/** Opens the page and waits for the movie's report. */
async function play(page) {
  const broken = new Promise((_, failed) => {
    page.on("pageerror", failed);
    page.on("console", (message) => {
      console.error(`console: ${message.text()}`);
      // After an error that it does not catch the movie stands still.
      if (/Error running AVM2/.test(message.text())) failed(new Error(message.text()));
    });
  });
  broken.catch(() => {});
  await page.goto(`${origin}/`, { timeout: LIMIT / 2 });
  try {
    const reported = () => window.reported !== undefined;
    await Promise.race([broken, page.waitForFunction(reported, undefined, { timeout: LIMIT / 2 })]);
  } catch (error) {
    if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
    throw new Error(`the movie did not report: ${error.message}`);
  }
  return JSON.parse(await page.evaluate(() => window.reported));
}

/** What is asked of the gateway. */
async function answer(pathname, incoming, outgoing) {
  if (pathname === "/gateway") return forward(incoming, outgoing, false);
  if (pathname === "/gateway/version3") return forward(incoming, outgoing, true);
  if (pathname === "/gateway/none") return outgoing.writeHead(404, { "content-type": "text/plain" }).end("nobody");
  if (pathname === "/gateway/broken") return outgoing.writeHead(500, { "content-type": "text/plain" }).end("no");
  return outgoing.writeHead(404).end();
}

/** Hands a packet to the gateway and its reply to the movie, and writes both down. */
async function forward(incoming, outgoing, asVersion3) {
  const sent = Buffer.concat(await incoming.toArray());
  const was = shape(sent);
  if (asVersion3) sent.writeUInt16BE(3, 0);
  const headers = { ...incoming.headers, host: new URL(gateway).host, "content-length": sent.length };
  const reply = await new Promise((done, failed) => {
    request(gateway, { method: incoming.method, headers, timeout: 30_000 }, done)
      .on("timeout", function () { this.destroy(new Error("the gateway did not answer")); })
      .on("error", failed)
      .end(sent);
  });
  const received = Buffer.concat(await reply.toArray());
  packets.push({
    path: incoming.url,
    request: { ...was, type: incoming.headers["content-type"], bytes: sent.toString("hex") },
    reply: { ...shape(received), status: reply.statusCode, type: reply.headers["content-type"],
      cache: reply.headers["cache-control"], bytes: received.toString("hex") },
  });
  outgoing.writeHead(reply.statusCode, reply.headers).end(received);
}

/** Version, header names and number of messages, as they stand in the bytes. */
function shape(bytes) {
  if (bytes.length < 6) return {};
  const headers = [];
  let at = 4;
  for (let left = bytes.readUInt16BE(2); left > 0; left--) {
    const end = at + 2 + bytes.readUInt16BE(at);
    headers.push(bytes.toString("utf8", at + 2, end));
    at = end + 1 + 4 + bytes.readUInt32BE(end + 1);
  }
  return { version: bytes.readUInt16BE(0), headers, messages: bytes.readUInt16BE(at) };
}

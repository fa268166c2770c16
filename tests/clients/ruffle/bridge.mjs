// What lets a movie's sockets out of the browser: Ruffle makes a WebSocket of each, which carries its bytes.

import { connect } from "node:net";

const LIMIT = 16;

/**
 * Lets WebSockets to `server` through to the host and port of `target`, at most so many in a run, and
 * gives the entry of Ruffle's `socketProxy` for it. `ws` is the package of that name.
 */
export function bridge(server, ws, target) {
  const { port } = server.address();
  const path = "/socket";
  let opened = 0;
  new ws.WebSocketServer({ server, path, maxPayload: 1 << 20 }).on("connection", (browser) => {
    browser.on("error", (error) => console.error(`bridge: ${error.message}`));
    if (++opened > LIMIT) return browser.terminate();
    pass(browser, connect({ host: target.hostname, port: Number(target.port), noDelay: true }));
  });
  return { host: target.hostname, port: Number(target.port), proxyUrl: `ws://127.0.0.1:${port}${path}` };
}

/** Whatever ends on one side ends on the other. */
function pass(browser, peer) {
  browser.on("message", (bytes) => peer.write(bytes));
  browser.on("close", () => peer.end());
  // In two messages, so that what belongs together does not always come together.
  peer.on("data", (bytes) => {
    const cut = bytes.length >> 1;
    if (cut > 0) browser.send(bytes.subarray(0, cut));
    browser.send(bytes.subarray(cut));
  });
  peer.on("error", (error) => console.error(`bridge: ${error.message}`));
  peer.on("close", () => browser.close());
}

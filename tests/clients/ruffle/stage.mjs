// A page with a movie in Ruffle, and what it loads, from one origin.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

/**
 * Serves the page on a free port and gives its origin. `options` makes of the origin what Ruffle is given to load the
 * movie with; `answer` is asked for every other path.
 */
export async function stage(modules, movie, options, answer) {
  const ruffle = resolve(modules, "node_modules/@ruffle-rs/ruffle");
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error) => {
      console.error(`${incoming.method} ${incoming.url}: ${error.message}`);
      outgoing.writeHead(error.code === "ENOENT" ? 404 : 502).end();
    });
  });
  const origin = await new Promise((done) => {
    server.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${server.address().port}`));
  });
  return origin;

  async function serve(incoming, outgoing) {
    const { pathname } = new URL(incoming.url, origin);
    if (pathname === "/") return send(outgoing, "text/html", await readFile(new URL("player.html", import.meta.url)));
    if (pathname === "/movie.swf") return send(outgoing, "application/x-shockwave-flash", await readFile(movie));
    if (pathname === "/options.json") return send(outgoing, "application/json", JSON.stringify(options(origin)));
    const file = /^\/ruffle\/([\w.-]+\.(js|wasm|map))$/.exec(pathname);
    if (!file) return answer(pathname, incoming, outgoing);
    const type = { js: "text/javascript", wasm: "application/wasm", map: "application/json" }[file[2]];
    return send(outgoing, type, await readFile(join(ruffle, file[1])));
  }
}

/** A WebSocket to `proxyUrl` for each of the movie's sockets to the host and port of `rtmp`. */
export function socketProxy(rtmp, proxyUrl) {
  const { hostname, port } = new URL(rtmp);
  return [{ host: hostname, port: Number(port), proxyUrl }];
}

function send(outgoing, type, body) {
  outgoing.writeHead(200, { "content-type": type }).end(body);
}

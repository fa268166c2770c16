// Visits a server with npm's rtmp-client: calls in AMF0 both ways, and a shared object.
//
//   node visit.mjs <rtmp URL> <folder with node_modules>
//
// Stdin: {"arguments": those of connect, "values": what is echoed, "texts": three texts for the shared object}. A value
// {"$date": milliseconds} is a date.
// Stdout: what became of everything, as JSON.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";

const LIMIT = 20_000;

const [url, modules] = process.argv.slice(2);
if (!modules) {
  console.error("usage: node visit.mjs <rtmp URL> <folder with node_modules>");
  process.exit(2);
}
const require = createRequire(resolve(modules, "visit.cjs"));
const { NetConnection, SharedObject, SharedObjectTypes, Symbols } = require("rtmp-client");
const { toAMF } = require("amf-codec");

const session = JSON.parse(await text(process.stdin));
const report = { statuses: [], synced: [], asked: [] };
const connection = new NetConnection();
connection.double = async (number) => {
  report.asked.push(number);
  return 2 * number;
};

let exit = 1;
setTimeout(() => finish(new Error("out of time")), LIMIT);
try {
  report.connected = await connect();
  await call();
  await share();
  report.closed = await closed();
  exit = 0;
  finish();
} catch (error) {
  finish(error);
}

function finish(error) {
  if (error) {
    console.error(`${error.stack}\nso far: ${JSON.stringify(report)}`);
    process.exit(exit);
  }
  process.stdout.write(JSON.stringify(report) + "\n", () => process.exit(exit));
}

function connect() {
  return new Promise((done) => {
    connection.onStatus = done;
    connection.connect(url, ...session.arguments.map(untagged));
  });
}

async function call() {
  report.echoed = [];
  for (const value of session.values) {
    report.echoed.push(tagged(await answer("probe.echo", untagged(value))));
  }
  report.arguments = await answer("probe.arguments");
  report.doubled = await answer("probe.ask", 21);
  report.fault = await answer("probe.fail");
  report.noMethod = await answer("probe.nothing");
  report.noService = await answer("nobody.at");
  // A call without a responder has the transaction id 0.
  connection.call("probe.note", null, "noted");
  report.noted = await answer("probe.noted");
}

/** The result of a call, or {fault: what its responder was told}. */
function answer(name, ...values) {
  return new Promise((done) => {
    connection.call(name, { onResult: done, onStatus: (fault) => done({ fault }) }, ...values);
  });
}

/** Every step waits until the server has confirmed it. */
async function share() {
  const [first, second, third] = session.texts;
  const board = SharedObject.get("board", false, connection);
  const waiting = [];
  board.onStatus = (info) => report.statuses.push(info.code);
  board.onSync = (changes) => {
    report.synced.push(changes.map(({ code, name, newValue, oldValue }) => ({ code, name, newValue, oldValue })));
    waiting.splice(0).forEach((done) => done());
  };
  const synced = () => new Promise((done) => waiting.push(done));
  const after = async (step) => {
    const next = synced();
    step();
    await next;
  };

  // What the server has already, then what both write.
  await synced();
  await after(() => board.setProperty("mine", first));
  await after(() => board.setProperty("mine", { text: second, list: [1, second] }));
  report.mine = board.getProperty("mine");
  await after(() => connection.call("probe.write", null, "theirs", third));
  report.theirs = board.getProperty("theirs");
  await after(() => board.setProperty("mine", null));
  report.names = board.getPropertyNames();
  // The client has no `send`; its message stream can write one.
  const message = Buffer.concat([toAMF("said"), toAMF(first), toAMF(7)]);
  const stream = connection[Symbols.CLIENT].commandStream;
  stream.sendSharedObject("board", board.version, 16, SharedObjectTypes.SEND_MESSAGE, message);
  await after(() => board.clear());
  report.size = board.size();
  report.version = board.version;
}

function closed() {
  return new Promise((done) => {
    connection.onStatus = done;
    connection.close();
  });
}

function untagged(value) {
  return value?.$date === undefined ? value : new Date(value.$date);
}

function tagged(value) {
  return value instanceof Date ? { $date: value.getTime() } : value;
}

// The browser in which pages are visited: a headless Chromium with a profile of its own.

import { mkdtemp, rm } from "node:fs/promises";
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

/**
 * Gives what `visit` makes of a new page, and ends the browser. `modules` is the folder with node_modules; starting
 * takes at most `limit` milliseconds.
 */
export async function inBrowser(modules, limit, visit) {
  const { chromium } = createRequire(resolve(modules, "here.js"))("playwright-core");
  const profile = await mkdtemp(join(tmpdir(), "browser-"));
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: program(),
      headless: true,
      timeout: limit,
      args: [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update",
      ],
    });
    try {
      return await visit(await context.newPage());
    } finally {
      await context.close();
    }
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
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

// Opens a page in Chromium as people would, and fails if the page asks the network for anything, writes an
// error to the console, runs a script that is not its own, or does not filter, sort and draw. The page is a
// report on a run or the profile of a dataset: a list with a search above it.
//
//   node tests/browser/page.mjs CHROMIUM PAGE [FOLDER]
//
// Prints what it found as JSON; with FOLDER it leaves screenshots there: light, dark, and as on a phone.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , program, page, folder] = process.argv;
const profile = mkdtempSync(join(tmpdir(), "lockgate-browser-"));
const flags = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-extensions",
  "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank",
];
const browser = spawn(program, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The browser's protocol over pipes: JSON, each message ended by a zero.
const waiting = new Map();
const heard = [];
let number = 0;
let rest = Buffer.alloc(0);
browser.stdio[4].on("data", (bytes) => {
  rest = Buffer.concat([rest, bytes]);
  for (let end; (end = rest.indexOf(0)) >= 0; rest = rest.subarray(end + 1)) {
    const message = JSON.parse(rest.subarray(0, end).toString());
    if (message.id) waiting.get(message.id)?.(message);
    else heard.push(message);
  }
});
const send = (method, params = {}, sessionId) =>
  new Promise((resolve, reject) => {
    const id = ++number;
    waiting.set(id, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result)));
    browser.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
  });

async function looked() {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const call = (method, params) => send(method, params, sessionId);
  const run = async (expression) => {
    const { result, exceptionDetails } = await call("Runtime.evaluate", { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    return result.value;
  };
  const shown = async (name, width, height, scheme, mobile) => {
    await call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: mobile ? 2 : 1, mobile });
    await call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    await wait(200);
    const overflow = await run("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    if (folder) {
      const tall = Math.min(await run("document.documentElement.scrollHeight"), 6000);
      // What is out of sight is not drawn: the window is made as tall as the page.
      await call("Emulation.setDeviceMetricsOverride", { width, height: tall, deviceScaleFactor: 1, mobile });
      await wait(500);
      const { data } = await call("Page.captureScreenshot");
      writeFileSync(join(folder, `${name}.png`), Buffer.from(data, "base64"));
    }
    return overflow;
  };
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await call(`${domain}.enable`);
  await call("Emulation.setDeviceMetricsOverride", { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false });
  const url = pathToFileURL(page).href;
  const before = Date.now();
  const { errorText } = await call("Page.navigate", { url });
  if (errorText) throw new Error(`${url}: ${errorText}`);
  while ((await run("document.readyState")) !== "complete" || (await run("location.href")) !== url) await wait(5);
  await run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  const loaded_ms = Date.now() - before;

  const overflow = { light: await shown("light", 1280, 900, "light", false) };
  overflow.dark = await shown("dark", 1280, 900, "dark", false);
  overflow.phone = await shown("phone", 390, 844, "light", true);
  await call("Emulation.setDeviceMetricsOverride", { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false });
  await wait(500);

  const visible = `document.querySelectorAll("#list > li").length`;
  const timed = async (act) => {
    const expression = `(() => { const t = performance.now(); ${act}; document.body.offsetHeight; return performance.now() - t })()`;
    return Math.round(await run(expression));
  };
  const checks = await run(visible);
  const search = (text) => `const box = document.getElementById("search"); if (box) { box.value = ${JSON.stringify(text)}; box.dispatchEvent(new Event("input")) }`;
  const filter_ms = await timed(search("no check is called so"));
  const none = await run(visible);
  await timed(search(""));
  const sort_ms = await timed(`const sort = document.getElementById("sort"); if (sort) { sort.value = "id"; sort.dispatchEvent(new Event("change")) }`);
  const open_ms = await timed(`document.querySelectorAll("#list details").forEach((details) => { details.open = true })`);
  await wait(300);
  const drawn = await run(`document.querySelectorAll(".chart[data-drawn]").length`);
  const scripts = await run("document.scripts.length");
  const of_own = readFileSync(page, "utf8").split("<script").length - 1;
  await wait(300);

  const text = (argument) => argument.value ?? argument.description ?? argument.type;
  const errors = heard.flatMap(({ method, params }) => {
    if (method === "Runtime.exceptionThrown") return [params.exceptionDetails.exception?.description ?? params.exceptionDetails.text];
    if (method === "Runtime.consoleAPICalled") return [params.args.map(text).join(" ")];
    if (method === "Log.entryAdded") return [params.entry.text];
    if (method === "Page.javascriptDialogOpening") return [`a dialog: ${params.message}`];
    return [];
  });
  const requests = heard
    .filter(({ method }) => method === "Network.requestWillBeSent")
    .map(({ params }) => params.request.url)
    .filter((asked) => asked !== url && !asked.startsWith("data:"));
  const found = { checks, loaded_ms, filter_ms, sort_ms, open_ms, drawn, overflow, errors, requests };
  console.log(JSON.stringify(found, null, 1));
  const wrong = [
    errors.length > 0 && "the console is not empty",
    requests.length > 0 && "the network was asked",
    checks > 0 && none !== 0 && "the search does not filter",
    scripts !== of_own && "there is a script that is not the page's own",
    Object.values(overflow).some((by) => by > 0) && "the page is wider than the window",
  ].filter(Boolean);
  for (const what of wrong) console.error(what);
  return wrong.length === 0;
}

// The pipes break when the browser is ended.
browser.stdio[3].on("error", () => {});
browser.stdio[4].on("error", () => {});

let fine = false;
try {
  fine = await Promise.race([looked(), wait(120_000).then(() => { throw new Error("the browser takes too long") })]);
} catch (error) {
  console.error(error);
}
const ended = new Promise((resolve) => browser.once("exit", resolve));
send("Browser.close").catch(() => {});
await Promise.race([ended, wait(10_000)]);
browser.kill("SIGKILL");
try {
  rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
} catch (error) {
  // A process of the browser's may still write there; what it leaves is no fault of the page's.
  console.error(`${profile} stays: ${error.message}`);
}
process.exit(fine ? 0 : 1);

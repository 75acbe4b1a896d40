// The page of a packed program, and the landing page where a visitor drops one.

import { Elfin, whatIsMissing } from "./elfin";
import { importPacked } from "./fetching";
import type { Screen } from "./terminal";

const part = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const packed = document.documentElement.dataset.image; // the image's folder, if there is one
let screen: Screen | null = null;
const megabytes = (n: number) => `${(n / 1e6).toFixed(1)} MB`;
const came = new Map<string, [number, number]>();

let vm: Elfin | null = null;
/** What "Run again" does. */
let again: () => Promise<void> = startPacked;

let opening: Promise<Screen> | undefined;
/** The terminal, which comes while other things load. */
const openScreen = () => (opening ??= loadScreen());

async function loadScreen(): Promise<Screen> {
  const url = new URL("screen.js", import.meta.url).href;
  const module = (await importPacked(url, "terminal", packed ? progress : () => {})) as typeof import("./screen");
  return (screen = new module.Screen(part("terminal"), part("keys")));
}

/** Tell the visitor what goes on; `state` is what the page's looks depend on. */
function say(text: string, state?: "loading" | "running" | "ended" | "stopped" | "failed"): void {
  part("status").textContent = text;
  if (!state) return;
  document.documentElement.dataset.state = state;
  part("again").hidden = state === "loading" || state === "running";
  part<HTMLButtonElement>("stop").disabled = state !== "running";
}

function progress(what: string, done: number, total: number): void {
  came.set(what, [done, total]);
  const [bytes, all] = [...came.values()].reduce(([a, b], [d, t]) => [a + d, b + t], [0, 0]);
  say(`Loading: ${megabytes(bytes)} of ${megabytes(all)}`);
  part<HTMLProgressElement>("progress").value = all ? bytes / all : 0;
}

async function machine(): Promise<Elfin> {
  if (vm) return vm;
  say("Loading", "loading");
  part("progress").hidden = false;
  if (!whatIsMissing()) openScreen().catch(() => {}); // who needs it hears why there is none
  vm = await Elfin.create({ onProgress: progress, ...(packed ? { image: packed } : {}) });
  part("progress").hidden = true;
  return vm;
}

async function run(argv: string[], env?: Record<string, string>, folder?: string): Promise<void> {
  const running = await machine();
  const shown = await openScreen();
  let seen = false;
  performance.mark("elfin: run");
  const program = await running.run(argv, {
    terminal: shown.size,
    onStdout: (data) => {
      if (!seen) performance.mark("elfin: output");
      seen = true;
      shown.show(data);
    },
    ...(env ? { env } : {}),
    ...(folder ? { cwd: folder } : {}),
  });
  shown.join(program);
  say(`${argv[0]} runs`, "running");
  const status = await program.exit;
  if (vm !== running) return; // stopped, and that was said
  const how = status < 0 ? `was ended by signal ${-status}` : `ended with status ${status}`;
  say(`${argv[0]} ${how}`, "ended");
}

function stop(): void {
  vm?.stop();
  vm = null;
  came.clear();
  screen?.show("\x1b[!p\x1b[?1049l\r\n"); // whatever the program had made of the terminal
  say("Stopped", "stopped");
}

// -- the landing page ---------------------------------------------------------------------------

/** Words of a command line: spaces part them, quotes hold them together. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? "");
}

const given = () => words(part<HTMLInputElement>("arguments").value);

/** A tree: the command in it is what the field for arguments says. */
async function runTree(file: File): Promise<void> {
  const running = await machine();
  const packed = /gz$/.test(file.name);
  const tar = packed ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file;
  await running.fs.unpack(await new Response(tar).arrayBuffer());
  again = () => run(given());
  if (given().length) await run(given());
  else say(`${file.name} is in the tree: write the command beside "Open", then run it`, "ended");
}

async function runDropped(file: File): Promise<void> {
  again = () => runDropped(file);
  if (/\.(tar|tar\.gz|tgz)$/.test(file.name)) return runTree(file);
  const path = `/home/${file.name}`;
  const running = await machine();
  await running.fs.writeFile(path, file, 0o755);
  await run([path, ...given()], undefined, "/home");
}

function landing(): void {
  const input = part<HTMLInputElement>("file");
  input.addEventListener("change", () => input.files?.[0] && attempt(runDropped(input.files[0])));
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) attempt(runDropped(file));
  });
  say("Drop a static x86-64 Linux program here, or a tree of files (.tar, .tar.gz)");
  if (!whatIsMissing()) attempt(openScreen().then(() => {}));
}

// -- files in and out -------------------------------------------------------------------------------

async function upload(files: FileList): Promise<void> {
  const running = await machine();
  for (const file of files) await running.fs.writeFile(`/home/${file.name}`, file, 0o755);
  say(`${files.length} file(s) are in /home`);
}

async function download(path: string): Promise<void> {
  const data = await (await machine()).fs.readFile(path);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([data as BlobPart]));
  link.download = path.split("/").pop() || "file";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function attempt(work: Promise<void>): void {
  work.catch((error: Error) => {
    part("progress").hidden = true;
    say(error.message, "failed");
  });
}

part("stop").addEventListener("click", stop);
part("again").addEventListener("click", () => attempt(again()));
part<HTMLInputElement>("upload").addEventListener("change", (event) => {
  const files = (event.target as HTMLInputElement).files;
  if (files?.length) attempt(upload(files));
});
part("download").addEventListener("click", () => {
  const path = prompt("Which file of the guest?", "/home/");
  if (path) attempt(download(path));
});

part("reset").addEventListener("click", () => {
  if (!confirm("Forget all changes that were kept in this browser?")) return;
  attempt((vm?.reset() ?? Promise.resolve()).then(() => location.reload()));
});

async function startPacked(): Promise<void> {
  const { argv, env, folder, keeps } = await (await machine()).start();
  part("reset").hidden = !keeps;
  await run(argv, env, folder);
}

if (packed) attempt(startPacked());
else landing();

"""The API for authors: the documented example, and what it leaves out."""

from __future__ import annotations

import subprocess
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, missing
from tests.browser.terminal import SECONDS

EXAMPLE = Path(__file__).parents[2] / "docs" / "embed.html"
REST = """async () => {
    const { Elfin } = await import('./elfin.js');
    const text = (bytes) => new TextDecoder().decode(bytes);
    const vm = await Elfin.create({ image: 'image/' });
    const box = (...words) => ['/bin/busybox', ...words];
    let out = '', err = '';
    const streams = { onStdout: (b) => (out += text(b)), onStderr: (b) => (err += text(b)) };
    const script = 'pwd; echo $NAME; cat; echo bad >&2; tr a-z A-Z < in > made; exit 3';
    await vm.fs.writeFile('/tmp/in', 'letters');
    const options = { ...streams, env: { NAME: 'value' }, cwd: '/tmp', stdin: 'typed\\n' };
    const first = await (await vm.run(box('sh', '-c', script), options)).exit;
    const loop = await vm.run(box('sh', '-c', 'while :; do :; done'));
    loop.kill();
    const killed = await loop.exit;
    const refused = await vm.run(['/nothing']).catch((error) => error.message);
    const made = text(await vm.fs.readFile('/tmp/made'));
    const names = (await vm.fs.readFolder('/tmp')).map((row) => row.name);
    const endless = await vm.run(box('sh', '-c', 'while :; do :; done'));
    vm.stop();
    const stopped = await endless.exit;
    const after = await vm.run(box('true')).catch((error) => error.message);
    return { out, err, first, killed, refused, made, names, stopped, after };
}"""


def test_the_documented_example(page: Page, server: str, sites: Path) -> None:
    (sites / "shell" / "embed.html").write_bytes(EXAMPLE.read_bytes())
    page.goto(f"{server}/shell/embed.html")
    shown = page.locator("#out")
    expect(shown).to_have_text("Ada\nGrace\nLinus\nstatus 0", timeout=SECONDS * 1000)
    assert page.evaluate(REST) == {
        "out": "/tmp\nvalue\ntyped\n",
        "err": "bad\n",
        "first": 3,
        "killed": -9,
        "refused": "/nothing: no such program",
        "made": "LETTERS",
        "names": ["in", "made"],
        "stopped": -9,
        "after": "the machine was stopped",
    }


TYPED = """
import { Elfin } from "./elfin.js";
const vm: Elfin = await Elfin.create({ image: "image/", files: { "/a": "text" } });
const options = { stdin: "x", env: { A: "b" }, onStdout: (data: Uint8Array) => data.length };
const program = await vm.run(["/bin/prog", "arg"], options);
const status: number = await program.exit;
const data: Uint8Array = await vm.fs.readFile("/a");
// @ts-expect-error: a number is no command
await vm.run(3);
vm.stop();
export { status, data };
"""


def test_types(sites: Path) -> None:
    """An author's editor knows the API from what lies beside it."""
    compiler = ROOT / "web" / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.exists():
        missing("TypeScript is not installed")
    page = sites / "shell" / "typed.ts"
    page.write_text(TYPED)
    options = ("--noEmit", "--strict", "--module", "esnext", "--target", "es2022")
    done = subprocess.run(
        ["node", compiler, *options, "--moduleResolution", "bundler", page],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


BUSY = """async () => {
    const { Elfin } = await import('./elfin.js');
    const vm = await Elfin.create({ image: 'image/' });
    const median = (rows) => rows.sort((a, b) => a - b)[rows.length >> 1];
    const program = await vm.run(['/bin/busybox', 'sh', '-c', 'while :; do :; done']);
    const waits = [];
    let units = 0;
    while (waits.length < 200 || !units) {
        const asked = performance.now();
        units = await vm.call('units');
        waits.push(performance.now() - asked);
    }
    program.kill();
    const status = await program.exit;
    vm.stop();
    return { status, units, early: median(waits.slice(0, 50)), late: median(waits.slice(-50)) };
}"""


def test_answers_while_a_program_computes(page: Page, server: str) -> None:
    """Translations come from another worker; and no message waits for more turns than the ones before it."""
    page.goto(f"{server}/shell/blank.html")
    found = page.evaluate(BUSY)
    assert found["status"] == -9
    assert found["units"] > 0
    assert found["late"] < 4 * found["early"] + 50, found

"""The API for authors: the documented example, and what it leaves out."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

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

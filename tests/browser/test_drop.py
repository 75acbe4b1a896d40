"""The page where a visitor drops a program, and browsers that are too old."""

from __future__ import annotations

import base64
import tarfile
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.terminal import Shell
from tests.programs import tiny

BUSYBOX = Path("/bin/busybox")
# A drop as the browser gives it: the files hang on the event.
DROP = """([name, data]) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name));
    window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
}"""


def test_a_program_that_is_chosen_or_dropped(page: Page, server: str) -> None:
    shell = Shell(page)
    page.goto(f"{server}/drop/")
    shell.expect_status(
        "Drop a static x86-64 Linux program here, or a tree of files (.tar, .tar.gz)"
    )
    page.fill("#arguments", "printf '%s|' one 'two words' \"three\"")
    page.set_input_files("#file", BUSYBOX)
    shell.expect_status("/home/busybox ended with status 0")
    shell.wait_for("one|two words|three|")

    program = tiny.tiny()
    page.fill("#arguments", "")
    page.evaluate(DROP, ["tiny", base64.b64encode(program).decode()])
    shell.expect_status("/home/tiny ended with status 0")

    page.evaluate(DROP, ["text", base64.b64encode(b"no program").decode()])
    page.wait_for_function("document.documentElement.dataset.state === 'failed'")
    assert "/home/text" in page.inner_text("#status")


def test_a_tree_that_is_dropped(page: Page, server: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / "busybox").write_bytes(BUSYBOX.read_bytes())
    (tree / "bin" / "busybox").chmod(0o755)
    (tree / "bin" / "cat").symlink_to("busybox")
    (tree / "words").write_text("of a tree\n")
    with tarfile.open(tmp_path / "tree.tar.gz", "w:gz") as archive:
        archive.add(tree, ".")
    shell = Shell(page)
    page.goto(f"{server}/drop/")
    page.set_input_files("#file", tmp_path / "tree.tar.gz")
    shell.expect_status('tree.tar.gz is in the tree: write the command beside "Open", then run it')
    page.fill("#arguments", "/bin/cat /words")
    page.click("#again")
    shell.expect_status("/bin/cat ended with status 0")
    shell.wait_for("of a tree")


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ("delete window.WebAssembly", "WebAssembly"),
        ("delete window.DecompressionStream", "DecompressionStream"),
        ("WebAssembly.validate = () => false", "SIMD in WebAssembly"),
    ],
)
def test_a_browser_that_is_too_old(page: Page, server: str, gone: str, named: str) -> None:
    page.add_init_script(gone)
    page.goto(f"{server}/shell/")
    Shell(page).expect_status(f"this browser is too old: it has no {named}")

"""The page of a packed shell, as a visitor uses it."""

from __future__ import annotations

import time

from playwright.sync_api import Page

from tests.browser.conftest import VIEW
from tests.browser.terminal import SECONDS, Shell


def test_pipelines(shell: Shell) -> None:
    assert shell.page.title() == "A shell"
    shell.type("echo 3 1 2 | tr ' ' '\\n' | sort -r | tr '\\n' -; echo\n")
    shell.wait_for("\n3-2-1-")
    shell.type("seq 1 100 | wc -l; uname -m\n")
    shell.wait_for("\n100\nx86_64\n")


def test_resize_reaches_the_program(shell: Shell) -> None:
    shell.type("trap 'echo wide $(stty size)' WINCH; echo wide $(stty size)\n")
    shell.wait_for("\nwide ")
    shell.type("clear; echo be''gin; while :; do :; done\n")
    shell.wait_for("\nbegin")
    try:
        shell.page.set_viewport_size({"width": 600, "height": 400})
        shell.wait_for("\nwide ")
    finally:
        shell.page.set_viewport_size(VIEW)
        shell.page.keyboard.press("Control+c")
        shell.type("trap - WINCH\n")


def test_echo_while_a_program_computes(shell: Shell) -> None:
    shell.type("while :; do :; done &\n")
    shell.type("echo still $((6 * 7))\n")
    shell.wait_for("\nstill 42")
    shell.type("kill %1; wait; echo gone\n")
    shell.wait_for("\ngone")


def test_interrupt_from_the_keyboard(shell: Shell) -> None:
    """Once the loop runs: what is typed while the shell still edits the line is a character, on Linux too."""
    shell.type("clear; echo be''gin; while :; do :; done\n")
    shell.wait_for("\nbegin\n")
    shell.page.keyboard.press("Control+c")
    shell.wait_for("^C\n/root #")
    shell.type("echo after\n")
    shell.wait_for("\nafter")


def test_keys_for_touch(shell: Shell) -> None:
    shell.page.eval_on_selector("#keys", "bar => bar.style.display = 'flex'")
    shell.type("echo be''gin; cat\n")
    shell.wait_for("\nbegin\n")
    shell.page.click("[data-key=Ctrl]")
    shell.type("c")
    shell.wait_for("^C\n/root #")
    shell.type("echo fr''ee\n")
    shell.wait_for("\nfree")
    shell.type("clear; echo gone\n")
    shell.wait_for("\ngone")
    for _ in range(2):
        shell.page.click("[data-key='↑']")
    shell.page.keyboard.press("Enter")
    shell.wait_for("\nfree")
    shell.page.eval_on_selector("#keys", "bar => bar.style.display = ''")


def test_files_in_and_out(shell: Shell) -> None:
    file = {"name": "in.txt", "mimeType": "text/plain", "buffer": b"from outside"}
    shell.page.set_input_files("#upload", files=[file])  # type: ignore[list-item]
    shell.expect_status("1 file(s) are in /home")
    shell.page.focus(".xterm-helper-textarea")
    shell.type("tr a-z A-Z < /home/in.txt > /home/out.txt; cat /home/out.txt; echo\n")
    shell.wait_for("\nFROM OUTSIDE")
    shell.page.once("dialog", lambda dialog: dialog.accept("/home/out.txt"))
    with shell.page.expect_download() as got:
        shell.page.click("#download")
    assert got.value.path().read_bytes() == b"FROM OUTSIDE"


def test_a_program_ends_and_runs_again(shell: Shell) -> None:
    shell.type("exit 7\n")
    shell.expect_status("/bin/busybox ended with status 7")
    shell.page.click("#again")
    shell.expect_status("/bin/busybox runs")
    shell.type("clear; echo anew\n")
    shell.wait_for("\nanew")


def test_changes_outlive_the_visit(page: Page, server: str) -> None:
    shell = Shell(page)
    shell.open(f"{server}/shell/")
    shell.type("echo remember me > note; mkdir -p a/b\n")
    wait_until_stored(page, "/root/a/b")
    page.reload()
    shell.wait_for_prompt()
    shell.type("clear; cat note; echo a/*\n")
    shell.wait_for("\nremember me\na/b\n")
    page.once("dialog", lambda dialog: dialog.accept())
    page.evaluate("window.before = true")
    page.click("#reset")
    page.wait_for_function("!window.before")
    shell.wait_for_prompt()
    shell.type("ls -A | wc -l\n")
    shell.wait_for("\n0\n")


def test_stop_ends_an_endless_loop(page: Page, server: str) -> None:
    shell = Shell(page)
    shell.open(f"{server}/shell/")
    shell.type("echo begin; while :; do :; done\n")
    shell.wait_for("\nbegin")
    page.click("#stop")
    shell.expect_status("Stopped")
    page.click("#again")
    shell.expect_status("/bin/busybox runs")
    shell.type("clear; echo anew\n")
    shell.wait_for("\nanew")


STORED = """async () => {
    let all = '';
    for await (const folder of (await navigator.storage.getDirectory()).values())
        for await (const file of folder.values()) all += await (await file.getFile()).text();
    return all;
}"""


def wait_until_stored(page: Page, text: str) -> None:
    """Until the browser's private files have the text."""
    end = time.monotonic() + SECONDS
    while text not in page.evaluate(STORED):
        assert time.monotonic() < end, f"{text!r} was not kept"
        time.sleep(0.1)

// A terminal that fills its element, joined to a program: xterm.js, keys for touch, copy and paste.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import type { Program, Size } from "./elfin";

const LIGHT = { background: "#ffffff", foreground: "#1c1c1c", cursor: "#1c1c1c", selectionBackground: "#b5d5ff" };
const DARK = { background: "#111318", foreground: "#e6e6e6", cursor: "#e6e6e6", selectionBackground: "#3a5a8a" };
const KEYS: [label: string, sequence: string, title: string][] = [
  ["Esc", "\x1b", "Escape"],
  ["Tab", "\t", "Tab"],
  ["←", "\x1b[D", "Left"],
  ["↑", "\x1b[A", "Up"],
  ["↓", "\x1b[B", "Down"],
  ["→", "\x1b[C", "Right"],
];

export class Screen {
  readonly terminal: Terminal;
  private readonly fit = new FitAddon();
  private program: Program | null = null;
  private control = false; // the next key is held with Ctrl

  constructor(element: HTMLElement, keys: HTMLElement) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    this.terminal = new Terminal({
      cursorBlink: true,
      fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace",
      fontSize: 15,
      scrollback: 5000,
      screenReaderMode: true,
      theme: dark.matches ? DARK : LIGHT,
    });
    dark.addEventListener("change", () => (this.terminal.options.theme = dark.matches ? DARK : LIGHT));
    this.terminal.loadAddon(this.fit);
    this.terminal.open(element);
    this.fit.fit();
    new ResizeObserver(() => this.fit.fit()).observe(element);
    this.terminal.onData((data) => this.typed(data));
    this.terminal.onResize(() => this.program?.resize(this.size));
    this.addKeys(keys);
    this.copyAndPaste();
  }

  get size(): Size {
    return { rows: this.terminal.rows, columns: this.terminal.cols };
  }

  /** Join a program: what it prints is shown, what is typed goes to it. */
  join(program: Program): void {
    this.program = program;
    program.resize(this.size);
    this.terminal.focus();
    void program.exit.then(() => (this.program = null));
  }

  show(data: Uint8Array | string): void {
    this.terminal.write(data);
  }

  private typed(data: string): void {
    if (this.control && data.length === 1) data = String.fromCharCode(data.toUpperCase().charCodeAt(0) & 0x1f);
    this.setControl(false);
    this.program?.write(data);
  }

  private setControl(on: boolean): void {
    this.control = on;
    document.querySelector("[data-key=Ctrl]")?.setAttribute("aria-pressed", String(on));
  }

  private addKeys(bar: HTMLElement): void {
    const button = (label: string, title: string, press: () => void) => {
      const key = document.createElement("button");
      key.type = "button";
      key.textContent = label;
      key.title = key.ariaLabel = title;
      key.dataset.key = label;
      key.addEventListener("click", () => {
        press();
        this.terminal.focus(); // keep the keyboard up
      });
      bar.append(key);
    };
    button("Ctrl", "Control: hold for the next key", () => this.setControl(!this.control));
    for (const [label, sequence, title] of KEYS) {
      button(label, title, () => this.typed(sequence));
    }
  }

  /** Ctrl+Shift+C and Ctrl+Shift+V, as terminals have them; elsewhere the system's own work. */
  private copyAndPaste(): void {
    this.terminal.attachCustomKeyEventHandler((event) => {
      if (event.type !== "keydown" || !event.ctrlKey || !event.shiftKey) return true;
      if (event.code === "KeyC") void navigator.clipboard.writeText(this.terminal.getSelection());
      else if (event.code === "KeyV") void navigator.clipboard.readText().then((t) => this.terminal.paste(t));
      else return true;
      event.preventDefault();
      return false;
    });
  }
}

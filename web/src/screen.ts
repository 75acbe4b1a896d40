// xterm.js and what is joined to it, in a file of its own: it is stored compressed.

export { Screen } from "./terminal";

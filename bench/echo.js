// What `bench/echo.py` runs in a page: it notes when letters are typed, and when the terminal shows them.
({
  begin() {
    const state = (self.echo = { line: null, waiting: [], times: [], lost: 0 });
    const rows = document.querySelector(".xterm-rows");
    addEventListener(
      "keydown",
      (event) => {
        if (state.line === null || event.ctrlKey || event.key.length !== 1) return;
        state.line += event.key;
        state.waiting.push([state.line, event.timeStamp]);
      },
      true,
    );
    new MutationObserver(() => {
      const now = performance.now();
      const text = rows.textContent.replaceAll("\u00a0", " ");
      state.waiting = state.waiting.filter(([line, at]) => {
        if (!text.includes(`# ${line}`)) return true;
        state.times.push(now - at);
        return false;
      });
    }).observe(rows, { childList: true, subtree: true, characterData: true });
  },

  /** Letters from now on are those of a new line. */
  line() {
    self.echo.lost += self.echo.waiting.length;
    self.echo.waiting = [];
    self.echo.line = "";
  },

  /** Milliseconds of each letter, and how many were not seen. */
  found: () => [self.echo.times, self.echo.lost + self.echo.waiting.length],
})

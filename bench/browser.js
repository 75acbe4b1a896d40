// What `bench/browser.py` runs in a page: each function gets one argument and answers with plain values.
((LIMIT) => ({
  /** A machine with a program in it. */
  async boot(url) {
    const { Elfin } = await import("/elfin.js");
    const data = await (await fetch(url)).arrayBuffer();
    self.vm = await Elfin.create({ files: { "/bin/kernel": data } });
  },

  /** A machine with an image, whose program has the same place. */
  async unpack(image) {
    const { Elfin } = await import("/elfin.js");
    self.vm = await Elfin.create({ image });
  },

  /** Run the program to its end: what it printed, seconds, and its status. */
  async run(words) {
    const start = performance.now();
    const pieces = [];
    const take = (bytes) => pieces.push(new TextDecoder().decode(bytes));
    const program = await self.vm.run(["/bin/kernel", ...words], { onStdout: take, onStderr: take });
    const late = new Promise((resolve) => setTimeout(resolve, LIMIT, "it takes too long"));
    const status = await Promise.race([program.exit, late]);
    return [pieces.join(""), (performance.now() - start) / 1000, status];
  },

  /** Run it for a while, asking: [seconds, instructions so far, seconds until the answer] of each question. */
  async watch([words, seconds]) {
    const start = performance.now();
    const program = await self.vm.run(["/bin/kernel", ...words], {});
    let running = true;
    program.exit.then(() => (running = false));
    const rows = [];
    while (running && performance.now() - start < seconds * 1000) {
      const asked = performance.now();
      const count = Number(await self.vm.call("instructions", program.number));
      const now = performance.now();
      if (running) rows.push([(now - start) / 1000, count, (now - asked) / 1000]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    program.kill();
    return rows;
  },

  /** Get a WASI program ready in a worker. */
  async load(url) {
    self.worker = new Worker("/wasi_worker.js");
    await new Promise((resolve, reject) => {
      self.worker.onmessage = ({ data }) => (data ? reject(new Error(data)) : resolve());
      self.worker.postMessage(url);
    });
  },

  /** Run it: what it printed, seconds, status. */
  start(words) {
    return new Promise((resolve) => {
      self.worker.onmessage = ({ data }) => resolve(data);
      self.worker.postMessage(["kernel", ...words]);
    });
  },
}))(180_000)

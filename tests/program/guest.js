// What in_browser.py runs in a page: each function gets one argument and answers with plain values.
(() => ({
  /** A machine whose /.setup has the tools to fill its tree. */
  async boot(tools) {
    const { Elfin } = await import("./elfin.js");
    self.vm = await Elfin.create({ files: { "/.setup/busybox": await (await fetch(tools)).arrayBuffer() } });
  },

  /** A program's output streams as base64, and its status. */
  async run([argv, env, cwd, stdin]) {
    const pieces = [[], []];
    const take = (fd) => (data) => pieces[fd].push(data);
    const bytes = Uint8Array.from(atob(stdin), (c) => c.charCodeAt(0));
    const options = { env, cwd, stdin: bytes, onStdout: take(0), onStderr: take(1) };
    const status = await (await self.vm.run(argv, options)).exit;
    return [status, ...(await Promise.all(pieces.map((list) => this.base64(new Blob(list)))))];
  },

  /** Put an archive into the tree; never one the browser kept: two made within a second look alike to it. */
  async unpack(archive) {
    const given = await fetch(archive, { cache: "no-store" });
    await self.vm.fs.writeFile("/.setup/in.tar", await given.arrayBuffer());
    await this.tool("cd / && exec busybox tar -xpf /.setup/in.tar");
  },

  /** Make a folder what an archive says, the times of folders and links too, which are all the same. */
  async fill([folder, archive, time]) {
    await this.tool(`exec busybox rm -rf ${folder}`);
    await this.unpack(archive);
    const which = "-depth ( -type d -o -type l )".replace(/[()]/g, "\\$&");
    await this.tool(`exec busybox find ${folder} ${which} -exec busybox touch -h -d @${time} {} +`);
  },

  /** A folder as an archive. */
  async pack(folder) {
    await this.tool(`cd ${folder} && exec busybox tar -cf /.setup/out.tar .`);
    return this.base64(new Blob([await self.vm.fs.readFile("/.setup/out.tar")]));
  },

  async tool(script) {
    const said = [];
    const argv = ["/.setup/busybox", "sh", "-c", script];
    const take = (data) => said.push(new TextDecoder().decode(data));
    const program = await self.vm.run(argv, { env: { PATH: "/.setup" }, onStdout: take, onStderr: take });
    const status = await program.exit;
    if (status) throw new Error(`${script}: ${status}: ${said.join("")}`);
  },

  base64(blob) {
    return new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
      reader.readAsDataURL(blob);
    });
  },
}))()

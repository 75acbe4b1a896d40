// The translator's worker: units made of copies of guest memories, one after another.

import type { PyProxy } from "pyodide/ffi";
import { boot } from "./python";
import type { TranslatorAnswer, TranslatorCall, TranslatorStart } from "./translating";

const post = (answer: TranslatorAnswer) => (self as unknown as Worker).postMessage(answer);
const nothing = () => {};
let workshop: Promise<PyProxy>;

async function open({ base, started }: TranslatorStart): Promise<PyProxy> {
  const python = await boot(base, nothing, nothing, started, true);
  return python.pyimport("elfin.web.translating").Workshop();
}

self.onmessage = async ({ data }: MessageEvent<TranslatorCall>) => {
  if ("base" in data) {
    workshop = open(data);
    workshop.catch((error) => post({ error: String(error) }));
    return;
  }
  const shop = await workshop;
  try {
    post({ made: shop.make(data.request, data.parts) });
  } catch (error) {
    console.warn(`not translated: ${error}`);
    post({ made: null });
  }
};

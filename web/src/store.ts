// Blobs that outlive a visit: the browser's private files (OPFS), or its database where those are missing.

const TRIES = 40;

export interface Store {
  load(): Promise<Map<string, Uint8Array>>;
  put(name: string, data: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
}

/** The store of a site: two sites on one server do not share. */
export async function openStore(site: string): Promise<Store> {
  const name = nameOf(site);
  try {
    const root = await navigator.storage.getDirectory();
    return new FileStore(await root.getDirectoryHandle(name, { create: true }));
  } catch {
    return new DatabaseStore(await openDatabase(name));
  }
}

/** Forget all that a site has stored; nobody may have its store open, but a worker that was just ended. */
export async function forget(site: string): Promise<void> {
  indexedDB.deleteDatabase(nameOf(site));
  const root = await navigator.storage.getDirectory().catch(() => null);
  for (let tries = 0; root; tries++) {
    try {
      await root.removeEntry(nameOf(site), { recursive: true });
      return;
    } catch (error) {
      if ((error as Error).name === "NotFoundError") return;
      if (tries === TRIES) throw error; // the ended worker's files are closed a moment later
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function nameOf(site: string): string {
  return `elfin-${site.replace(/[^a-z0-9]+/gi, "-")}`;
}

/** Files of a folder that only this site sees; works in workers alone. */
class FileStore implements Store {
  constructor(private readonly folder: FileSystemDirectoryHandle) {}

  async load(): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for await (const [name, handle] of this.folder.entries()) {
      if (!(handle instanceof FileSystemFileHandle)) continue;
      found.set(name, new Uint8Array(await (await handle.getFile()).arrayBuffer()));
    }
    return found;
  }

  async put(name: string, data: Uint8Array): Promise<void> {
    const file = await this.folder.getFileHandle(name, { create: true });
    const access = await file.createSyncAccessHandle();
    try {
      access.truncate(0);
      access.write(data as BufferSource);
      access.flush();
    } finally {
      access.close();
    }
  }

  async remove(name: string): Promise<void> {
    await this.folder.removeEntry(name);
  }
}

const BLOBS = "blobs";

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(BLOBS);
  return answer(request);
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

class DatabaseStore implements Store {
  constructor(private readonly database: IDBDatabase) {}

  async load(): Promise<Map<string, Uint8Array>> {
    const blobs = this.database.transaction(BLOBS).objectStore(BLOBS);
    const [names, values] = await Promise.all([answer(blobs.getAllKeys()), answer(blobs.getAll())]);
    return new Map(names.map((name, i) => [String(name), values[i] as Uint8Array]));
  }

  async put(name: string, data: Uint8Array): Promise<void> {
    await answer(this.change().put(data, name));
  }

  async remove(name: string): Promise<void> {
    await answer(this.change().delete(name));
  }

  private change(): IDBObjectStore {
    return this.database.transaction(BLOBS, "readwrite").objectStore(BLOBS);
  }
}

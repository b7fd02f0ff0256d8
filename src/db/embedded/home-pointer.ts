import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';

const POINTER_FILE = 'postgres.location.json';

/**
 * What DATA_DIR remembers of a cluster that had to live elsewhere. It is written before anything is created there, so
 * that an interrupted first start is continued and leaves no orphan; `ready` once there is data that may not get lost.
 */
export interface HomePointer {
  home: string;
  ready: boolean;
}

/** Reads the pointer, or undefined when the cluster lives in the data directory itself. */
export async function readHomePointer(dataDir: string): Promise<HomePointer | undefined> {
  const text = await readFile(path.join(dataDir, POINTER_FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed: unknown = JSON.parse(text);
  if (
    typeof parsed !== 'object' ||
    parsed === null ||
    !('home' in parsed) ||
    typeof parsed.home !== 'string'
  ) {
    throw new Error(`${POINTER_FILE} in ${dataDir} is damaged`);
  }
  return { home: parsed.home, ready: 'ready' in parsed && parsed.ready === true };
}

/** Writes the pointer so that a crash leaves the old or the new one, never half of it. */
export async function writeHomePointer(dataDir: string, pointer: HomePointer): Promise<void> {
  await writeAtomically(path.join(dataDir, POINTER_FILE), `${JSON.stringify(pointer)}\n`);
}

/** Replaces a small private (0600) file in one step, on disk when it returns. */
export async function writeAtomically(file: string, content: string): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

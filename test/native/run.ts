import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { borrowGlibc } from './borrow-glibc.ts';
import { installPrism } from './install-prism.ts';
import { PRISM_PACKAGE_DIR, ROOT } from './paths.ts';

const PROBE_TIMEOUT_MS = 60_000;
const DOWNLOAD_ATTEMPTS = 3;
const DOWNLOAD_PAUSE_MS = 5_000;
const VITEST = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
const CONFIG = path.join(import.meta.dirname, 'vitest.config.ts');

/**
 * `npm run test:native`: installs hyperswitch-prism beside the project, borrows a newer glibc where its library does not
 * load, and runs `test/native/*.native.test.ts` in that Node; arguments go to vitest. A machine that cannot have the
 * library prints `SKIP native Prism: <reason>` and succeeds, or fails when REQUIRE_NATIVE_PRISM=1.
 */
function main(args: string[]): number {
  let node: string;
  try {
    node = findNode();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`SKIP native Prism: ${reason}\n`);
    return process.env['REQUIRE_NATIVE_PRISM'] === '1' ? 1 : 0;
  }
  const { status } = spawnSync(
    node,
    [VITEST, 'run', '--config', CONFIG, '--configLoader', 'native', ...args],
    {
      cwd: ROOT,
      stdio: 'inherit',
    },
  );
  return status ?? 1;
}

/** A Node in which the library loads. Throws with the reason why there is none. */
function findNode(): string {
  patiently(installPrism);
  const problem = probe(process.execPath);
  if (problem === undefined) return process.execPath;
  if (!/GLIBC/.test(problem)) throw new Error(problem);
  let borrowed: string;
  try {
    borrowed = patiently(borrowGlibc);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${problem}; a newer glibc could not be borrowed: ${reason}`, { cause: error });
  }
  const still = probe(borrowed);
  if (still !== undefined) throw new Error(still);
  return borrowed;
}

/** A download that fails once is tried twice more. */
function patiently<T>(download: () => T): T {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return download();
    } catch (error) {
      if (attempt === DOWNLOAD_ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DOWNLOAD_PAUSE_MS);
    }
  }
}

/** Why the library does not load in a Node; undefined when it does. */
function probe(node: string): string | undefined {
  const script = `
    try { new (require(${JSON.stringify(PRISM_PACKAGE_DIR)}).UniffiClient)(); }
    catch (error) { process.stdout.write(error.message); process.exit(1); }`;
  const { status, stdout, stderr, error } = spawnSync(node, ['-e', script], {
    encoding: 'utf8',
    timeout: PROBE_TIMEOUT_MS,
  });
  if (status === 0) return undefined;
  const reason = stdout || stderr || error?.message || `Node ended with ${status}`;
  return reason.trim();
}

process.exitCode = main(process.argv.slice(2));

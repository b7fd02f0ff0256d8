import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { PRISM_DIR, PRISM_PACKAGE_DIR } from './paths.ts';

const MANIFESTS = ['package.json', 'package-lock.json'];
const WANTED_DIR = path.join(import.meta.dirname, 'prism-package');
const INSTALL_TIMEOUT_MS = 600_000;

/** The library of this machine inside the package: one folder per platform, of which only one is ever opened. */
const LIBRARIES_DIR = path.join(PRISM_PACKAGE_DIR, 'dist/src/payments/generated');
const PLATFORM = `${process.platform}-${process.arch}`;

/**
 * Installs hyperswitch-prism exactly as `prism-package/package-lock.json` says, without install scripts, and drops the
 * libraries of other platforms (250 of 390 MB). What is there already is only checked. Throws when npm fails.
 */
export function installPrism(): void {
  if (isInstalled()) return;
  rmSync(PRISM_DIR, { recursive: true, force: true });
  mkdirSync(PRISM_DIR, { recursive: true });
  for (const file of MANIFESTS) copyFileSync(path.join(WANTED_DIR, file), path.join(PRISM_DIR, file));
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: PRISM_DIR,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: INSTALL_TIMEOUT_MS,
  });
  for (const entry of readdirSync(LIBRARIES_DIR, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== PLATFORM) {
      rmSync(path.join(LIBRARIES_DIR, entry.name), { recursive: true, force: true });
    }
  }
}

// The manifests are copied first and `.package-lock.json` is npm's last act: an interrupted install is seen.
function isInstalled(): boolean {
  return (
    existsSync(path.join(PRISM_DIR, 'node_modules/.package-lock.json')) &&
    existsSync(path.join(PRISM_PACKAGE_DIR, 'dist/src/index.js')) &&
    MANIFESTS.every((file) => sameText(path.join(WANTED_DIR, file), path.join(PRISM_DIR, file)))
  );
}

function sameText(one: string, other: string): boolean {
  return existsSync(other) && readFileSync(one, 'utf8') === readFileSync(other, 'utf8');
}

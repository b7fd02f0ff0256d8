import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { debianMirror } from './debian-mirror.ts';
import { NATIVE_DIR } from './paths.ts';

/** The Debian release whose glibc is new enough for the library (it needs 2.38; trixie has 2.41). */
const RELEASE = 'trixie';
const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6'];
const APT_TIMEOUT_MS = 180_000;

const LOADERS: Record<string, { folder: string; loader: string }> = {
  x64: { folder: 'usr/lib/x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { folder: 'usr/lib/aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

const GLIBC_DIR = path.join(NATIVE_DIR, 'glibc');
const APT_DIR = path.join(NATIVE_DIR, 'apt');
const WRAPPER = path.join(NATIVE_DIR, 'node');
const PRELOAD = path.join(NATIVE_DIR, 'exec-path.cjs');

/**
 * A Node that runs on the glibc of a newer Debian, unpacked beside it: nothing of the machine changes, and it needs
 * neither root nor a chroot. Answers the path of a wrapper script that takes Node's arguments. What was borrowed before is
 * used again. Throws when this is no Debian, or when apt cannot give the packages.
 */
export function borrowGlibc(): string {
  const place = LOADERS[process.arch];
  if (process.platform !== 'linux' || place === undefined) {
    throw new Error(`there is no glibc to borrow for ${process.platform} ${process.arch}`);
  }
  const libraries = path.join(GLIBC_DIR, place.folder);
  if (!existsSync(path.join(libraries, 'libstdc++.so.6'))) unpackPackages();
  writeWrapper(libraries, path.join(libraries, place.loader));
  return WRAPPER;
}

// Unpacked under another name first, so that an interrupted run leaves nothing that looks complete.
function unpackPackages(): void {
  const debs = path.join(APT_DIR, 'debs');
  const unpacked = `${GLIBC_DIR}.unpacking`;
  for (const folder of [APT_DIR, unpacked, GLIBC_DIR]) rmSync(folder, { recursive: true, force: true });
  for (const folder of [debs, unpacked, path.join(APT_DIR, 'lists/partial')])
    mkdirSync(folder, { recursive: true });
  mkdirSync(path.join(APT_DIR, 'cache/archives/partial'), { recursive: true });
  writeFileSync(path.join(APT_DIR, 'sources.list'), `${sourceLine()}\n`);
  apt(['update'], APT_DIR);
  apt(['download', ...PACKAGES.map((name) => `${name}/${RELEASE}`)], debs);
  for (const deb of readdirSync(debs)) execFileSync('dpkg', ['-x', path.join(debs, deb), unpacked]);
  renameSync(unpacked, GLIBC_DIR);
  rmSync(APT_DIR, { recursive: true, force: true });
}

function sourceLine(): string {
  const { url, signedBy } = debianMirror();
  const option = signedBy === undefined ? '' : `[signed-by=${signedBy}] `;
  return `deb ${option}${url} ${RELEASE} main`;
}

function apt(args: string[], cwd: string): void {
  const settings = {
    'Dir::Etc::sourcelist': path.join(APT_DIR, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': path.join(APT_DIR, 'lists'),
    'Dir::Cache': path.join(APT_DIR, 'cache'),
    // As root apt becomes another user, who need not be allowed into the repository.
    ...(process.getuid?.() === 0 && { 'APT::Sandbox::User': 'root' }),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  execFileSync('apt-get', ['-q', ...options, ...args], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: APT_TIMEOUT_MS,
  });
}

// `process.execPath` would name the loader, and every child Node or worker of vitest would start with that alone.
function writeWrapper(libraries: string, loader: string): void {
  writeFileSync(PRELOAD, `process.execPath = ${JSON.stringify(WRAPPER)};\n`);
  const command = [loader, '--library-path', libraries, process.execPath].map(quoted).join(' ');
  const preload = quoted(`--require ${JSON.stringify(PRELOAD)}`);
  writeFileSync(WRAPPER, `#!/bin/sh\nexport NODE_OPTIONS=${preload}" $NODE_OPTIONS"\nexec ${command} "$@"\n`);
  chmodSync(WRAPPER, 0o755);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EmbeddedPostgresError, errnoOf } from './errors.ts';
import { writeAtomically } from './home-pointer.ts';
import { clusterOf, type ServerHome } from './home.ts';

/** Where the server listens: `host` is a directory (unix socket) or 127.0.0.1. */
export interface Endpoint {
  host: string;
  port: number;
}

/** The name of the socket inside its directory carries a port number, even though no port is opened. */
const SOCKET_PORT = 5432;
/** sun_path holds 104 bytes on macOS and 108 on Linux, with a closing zero. */
const MAX_SOCKET_PATH_BYTES = 103;
const PASSWORD_FILE = 'postgres.password';

/** Whether the endpoint is a unix socket. */
export function isSocket(endpoint: Endpoint): boolean {
  return endpoint.host.startsWith('/');
}

/** The file of a unix socket endpoint. */
export function socketFile(endpoint: Endpoint): string {
  return path.join(endpoint.host, `.s.PGSQL.${endpoint.port}`);
}

/**
 * A unix socket in a directory that only the server's user can enter: `run` beside the cluster, or a short path under the
 * temporary directory when that one exceeds what a socket address can hold. Without such a directory: a free port on 127.0.0.1.
 */
export async function chooseEndpoint(home: ServerHome): Promise<Endpoint> {
  const hash = createHash('sha256').update(clusterOf(home)).digest('hex').slice(0, 12);
  const short = `refund-federation-${home.user.uid}-${hash}`;
  const candidates = [path.join(home.directory, 'run'), path.join(tmpdir(), short), path.join('/tmp', short)];
  for (const host of candidates) {
    const endpoint = { host, port: SOCKET_PORT };
    if (Buffer.byteLength(socketFile(endpoint)) > MAX_SOCKET_PATH_BYTES) continue;
    if (await makePrivateDirectory(host, home)) return endpoint;
  }
  return { host: '127.0.0.1', port: await freePort() };
}

/** Creates a directory of mode 0700, or accepts an existing one if nobody else could have prepared it. */
async function makePrivateDirectory(directory: string, home: ServerHome): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    if (home.user.kind === 'user') await chown(directory, home.user.uid, home.user.gid);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') return false;
  }
  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== home.user.uid) return false;
  if ((found.mode & 0o077) !== 0) await chmod(directory, 0o700);
  return true;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** The password of the server's superuser, from a 0600 file in the data directory. `START_FAILED` when it is gone. */
export async function readPassword(dataDir: string): Promise<string> {
  const file = path.join(dataDir, PASSWORD_FILE);
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new EmbeddedPostgresError(
      'START_FAILED',
      `The password of the embedded database cannot be read from ${file}. Bring the file back from a backup of the data directory.`,
      { cause },
    );
  });
  return content.trim();
}

/** The password for a cluster that is about to be created; on disk before the cluster is. */
export async function createPassword(dataDir: string): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  await writeAtomically(path.join(dataDir, PASSWORD_FILE), `${password}\n`);
  return password;
}

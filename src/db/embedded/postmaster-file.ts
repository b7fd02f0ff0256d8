import { execFile } from 'node:child_process';
import { readFile, readlink, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { isSocket, socketFile, type Endpoint } from './endpoint.ts';
import { errnoOf } from './errors.ts';

/** A running server, as its `postmaster.pid` describes it. */
export interface LiveServer {
  pid: number;
  endpoint: Endpoint;
}

/**
 * Finds the server that runs on this cluster. A `postmaster.pid` whose process is gone, or is some other program that got
 * the same number, means that none runs; the cluster's path must be a real path.
 */
export async function findLiveServer(pgdata: string): Promise<LiveServer | undefined> {
  const file = await readPidFile(pgdata);
  return file !== undefined && (await isServerOf(file.pid, pgdata)) ? file : undefined;
}

/**
 * Whether something listens on the socket of a server whose process we do not see: then it runs in another container that
 * shares the directory, and starting a second one would destroy the data.
 */
export async function isServedUnseen(pgdata: string): Promise<boolean> {
  const file = await readPidFile(pgdata);
  if (file === undefined || !isSocket(file.endpoint)) return false;
  const { endpoint } = file;
  return new Promise((resolve) => {
    const probe = connect(socketFile(endpoint));
    probe.once('error', () => resolve(false));
    probe.once('connect', () => {
      resolve(true);
      probe.destroy();
    });
  });
}

/**
 * Whether the process is the server of this cluster. Being alive is not enough: numbers are reused, and a server that
 * died without being waited for (a zombie) keeps its own.
 */
export async function isServerOf(pid: number, pgdata: string): Promise<boolean> {
  const args = process.platform === 'linux' ? await linuxCommand(pid) : await psCommand(pid);
  if (path.basename(args[0] ?? '') !== 'postgres') return false;
  const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  // The server works in its cluster, which stays true when the directory was renamed under it.
  return workingDirectory === pgdata || args.includes(pgdata);
}

/**
 * Removes what a dead server left behind. PostgreSQL does that itself, except when the number in the file belongs to a
 * living process of the same user. Only under the start lock and after `findLiveServer` found nothing: the file could be
 * a new server's otherwise.
 */
export async function removeStaleFiles(pgdata: string, endpoint: Endpoint): Promise<void> {
  const file = await readPidFile(pgdata);
  if (file !== undefined && processExists(file.pid))
    await rm(path.join(pgdata, 'postmaster.pid'), { force: true });
  for (const old of file === undefined ? [endpoint] : [endpoint, file.endpoint]) {
    if (!isSocket(old)) continue;
    await rm(socketFile(old), { force: true });
    await rm(`${socketFile(old)}.lock`, { force: true });
  }
}

async function readPidFile(pgdata: string): Promise<LiveServer | undefined> {
  const text = await readFile(path.join(pgdata, 'postmaster.pid'), 'utf8').catch(() => '');
  // PostgreSQL source, src/include/utils/pidfile.h: pid, data directory, start time, port, socket directory, listen address.
  const [pid, , , port, socketDirectory, listenAddress] = text.split('\n');
  if (!(Number(pid) > 0)) return undefined;
  const host = socketDirectory?.trim() || listenAddress?.trim() || '127.0.0.1';
  return { pid: Number(pid), endpoint: { host, port: Number(port) } };
}

/** Whether any process has this number, ours or not. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

async function linuxCommand(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0');
}

async function psCommand(pid: number): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  const command = stdout.trim();
  const data = / -D (.*?) -c /.exec(command)?.[1];
  const program = command.split(' -D ')[0] ?? '';
  return data === undefined ? [program] : [program, data];
}

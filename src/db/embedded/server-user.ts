import { readFile } from 'node:fs/promises';
import { run, type Command } from './run.ts';

/**
 * Who runs the server. PostgreSQL refuses to run as root, so root needs one of two detours:
 * `namespace` is root itself, which looks like an ordinary user inside a user namespace (files stay root's outside);
 * `user` is an existing system user that owns the database files.
 */
export interface ServerUser {
  kind: 'self' | 'namespace' | 'user';
  description: string;
  /** Owner of the server's files as the service sees them. */
  uid: number;
  gid: number;
  command(file: string, args: string[]): Command;
}

/** The user of the service itself. */
export function currentUser(): ServerUser {
  return {
    kind: 'self',
    description: 'as the current user',
    uid: process.geteuid?.() ?? -1,
    gid: process.getegid?.() ?? -1,
    command: (file, args) => ({ file, args }),
  };
}

/**
 * Root in a user namespace of its own (Linux, util-linux `unshare`). Whether the machine allows it is found by running.
 * The mapped user must have a name in /etc/passwd, because `initdb` looks it up; it gains no rights.
 */
export async function namespaceUser(): Promise<ServerUser> {
  const named = (await listSystemUsers())[0]?.uid ?? 1000;
  const flags = ['-U', `--map-user=${named}`, `--map-group=${named}`];
  return {
    kind: 'namespace',
    description: 'as root in a user namespace',
    uid: 0,
    gid: 0,
    command: (file, args) => ({ file: 'unshare', args: [...flags, file, ...args] }),
  };
}

/** A system user; only root can start programs as one. */
export function systemUser(name: string, uid: number, gid: number): ServerUser {
  return {
    kind: 'user',
    description: `as system user ${name}`,
    uid,
    gid,
    command: (file, args) => ({ file, args, uid, gid }),
  };
}

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
}

const PREFERRED = ['postgres', 'nobody', 'daemon'];

/** Unprivileged users of this machine that have a name, those made for such work first. */
export async function listSystemUsers(): Promise<PasswdEntry[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const users = text
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter((user) => user.uid > 0 && user.gid > 0 && /^[a-z_]/.test(user.name));
  const rank = (name: string): number =>
    PREFERRED.includes(name) ? PREFERRED.indexOf(name) : PREFERRED.length;
  return users.toSorted((a, b) => rank(a.name) - rank(b.name));
}

/** The name that belongs to a user id, or the number itself. */
export async function systemUserName(uid: number): Promise<string> {
  return (await listSystemUsers()).find((user) => user.uid === uid)?.name ?? String(uid);
}

/** Whether `user` can run these binaries and work inside `directory`. */
export async function canWork(user: ServerUser, postgres: string, directory: string): Promise<boolean> {
  const script = '"$1" --version >/dev/null && cd "$2"';
  const probe = await run(user.command('/bin/sh', ['-c', script, 'sh', postgres, directory]));
  return probe.code === 0;
}

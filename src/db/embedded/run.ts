import { spawn, type StdioOptions } from 'node:child_process';
import { errnoOf } from './errors.ts';

/** A program with everything it needs to be started; `uid` and `gid` only when it runs as another user. */
export interface Command {
  file: string;
  args: string[];
  uid?: number;
  gid?: number;
}

/** How a program ended; `output` is both of its streams. A program that could not be started has code -1. */
export interface CommandResult {
  code: number;
  output: string;
}

const CAPTURE: StdioOptions = ['ignore', 'pipe', 'pipe'];

/** Runs a program to its end. Never throws: a missing program is a result like any other. */
export function run(command: Command, cwd = '/'): Promise<CommandResult> {
  return new Promise((resolve) => {
    const { file, args, ...identity } = command;
    const child = spawn(file, args, { ...identity, cwd, env: serverEnvironment(), stdio: CAPTURE });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.on('error', (error) => resolve({ code: -1, output: errnoOf(error) ?? error.message }));
    child.on('close', (code) => resolve({ code: code ?? -1, output: output.trim() }));
  });
}

/** Our environment without what would change the server's behaviour or language; secrets of the service stay out too. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../../sandbox/journal.ts';
import { childEnvironment } from '../support/child-environment.ts';

const MAIN = new URL('../../sandbox/main.ts', import.meta.url).pathname;

describe('a journal', () => {
  let directory: string;
  let file: string;
  let children: ChildProcess[];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sandbox-journal-lock-'));
    file = join(directory, 'state.jsonl');
    children = [];
  });
  afterEach(async () => {
    await Promise.all(children.map(kill));
    rmSync(directory, { recursive: true });
  });

  function launch(): ChildProcess {
    const child = spawn(process.execPath, [MAIN], {
      env: { ...childEnvironment(), SANDBOX_PORT: '0', SANDBOX_JOURNAL: file },
      stdio: 'pipe',
    });
    children.push(child);
    return child;
  }

  /** The URL of the control API of a sandbox on this journal. */
  async function started(child: ChildProcess): Promise<string> {
    let line = '';
    while (!line.endsWith('\n')) {
      const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
      line += chunk.toString();
    }
    return (JSON.parse(line) as { control: string }).control;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async function newPayment(control: string): Promise<string> {
    const answer = await fetch(`${control}/control/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ provider: 'yookassa', amount: { value: '1500.00', currency: 'RUB' } }),
    });
    return ((await answer.json()) as { reference: string }).reference;
  }

  async function references(control: string): Promise<string[]> {
    const answer = await fetch(`${control}/control/ledger?provider=yookassa`);
    const { payments } = (await answer.json()) as { payments: { reference: string }[] };
    return payments.map(({ reference }) => reference);
  }

  it('that a living sandbox uses is refused to another one, which says so, exits with 1 and harms nothing', async () => {
    const first = launch();
    const control = await started(first);
    const before = await newPayment(control);

    const second = launch();
    let said = '';
    second.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(second, 'close')) as [number];
    expect(code).toBe(1);
    expect(said).toBe(
      `sandbox: the journal ${file} is in use by another sandbox; stop that one, or set SANDBOX_JOURNAL to another file\n`,
    );

    const after = await newPayment(control);
    await kill(first);
    expect(await references(await started(launch()))).toEqual(expect.arrayContaining([before, after]));
  });

  it('is refused within one process too, and free again once it is closed', () => {
    const first = Journal.open(file);
    first.append([{ kind: 'a', id: '1', value: 1 }]);
    expect(() => Journal.open(file)).toThrow(/in use by another sandbox/);
    first.append([{ kind: 'a', id: '2', value: 2 }]);
    first.close();
    const second = Journal.open(file);
    expect([...second.take('a').keys()]).toEqual(['1', '2']);
    second.close();
  });

  it('is free after an opening that failed', () => {
    writeFileSync(file, 'nonsense\n{"put":[]}\n');
    expect(() => Journal.open(file)).toThrow(/damaged at line 1/);
    writeFileSync(file, '');
    Journal.open(file).close();
  });

  it('in a directory that is not there says why it cannot be opened', () => {
    expect(() => Journal.open(join(directory, 'absent', 'state.jsonl'))).toThrow(/cannot be locked: /);
  });
});

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Violation } from '../support/invariants.ts';

/** What the logs of all processes say that they should not. */
export interface LogFindings {
  readonly violations: readonly Violation[];
  readonly alerts: ReadonlyMap<string, number>;
  readonly lines: number;
}

/**
 * Reads every log of a run: no secret (I10), nothing on standard error, and no error line but alerts and those
 * that say that the database was away or a write is repeated.
 */
export async function readLogs(directory: string, secrets: readonly string[]): Promise<LogFindings> {
  const violations: Violation[] = [];
  const alerts = new Map<string, number>();
  let lines = 0;
  for (const name of await readdir(directory)) {
    const text = await readFile(path.join(directory, name), 'utf8');
    for (const secret of secrets)
      if (text.includes(secret))
        violations.push({ invariant: 'I10', what: `a secret stands in the log ${name}` });
    const own = text.split('\n').filter((line) => line !== '');
    lines += own.length;
    if (name.startsWith('sandbox')) continue;
    for (const line of own) {
      const said = name.endsWith('.err') ? onStandardError(line) : unexpected(line, alerts);
      if (said !== undefined) violations.push({ invariant: 'I11', what: `${name}: ${said.slice(0, 600)}` });
    }
  }
  return { violations: summarize(violations), alerts, lines };
}

/** A start that was refused because its database was away says so there. */
const onStandardError = (line: string): string | undefined =>
  line.startsWith('The database cannot be used: ') ? undefined : line;

const awayCodes = /^(08...|28...|53...|57P0[1-5]|3D000|55000|57014|25006|25P03|40001|40P01|55P03|E[A-Z]+)$/;
const awayMessages =
  /Connection terminated|timeout exceeded when trying to connect|database connection lost|socket hang up|Client has encountered a connection error/;

function unexpected(line: string, alerts: Map<string, number>): string | undefined {
  if (!line.includes('"level":"error"') && !line.includes('"level":"fatal"')) return undefined;
  const entry = JSON.parse(line) as {
    alert?: string;
    msg?: string;
    err?: { code?: string; message?: string };
  };
  if (entry.alert !== undefined) {
    alerts.set(entry.alert, (alerts.get(entry.alert) ?? 0) + 1);
    return undefined;
  }
  const { code = '', message = '' } = entry.err ?? {};
  if (awayCodes.test(code) || awayMessages.test(`${message} ${entry.msg}`)) return undefined;
  return line;
}

/** The same complaint many times is one, with its number. */
function summarize(violations: readonly Violation[]): Violation[] {
  const kindOf = ({ invariant, what }: Violation): string =>
    `${invariant} ${what.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, '#')}`;
  return [...Map.groupBy(violations, kindOf).values()].map(([first, ...more]) =>
    more.length === 0 ? first! : { ...first!, what: `${first!.what} (${more.length + 1} times)` },
  );
}

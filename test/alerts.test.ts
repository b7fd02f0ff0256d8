import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { alertCodes, createAlerts, type AlertCode } from '../src/alerts.ts';

const root = path.resolve(import.meta.dirname, '..', 'src');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));

test('every code is raised somewhere', () => {
  const raisers = sources.filter(({ text }) => text.includes('.raise('));
  const silent = Object.keys(alertCodes).filter(
    (code) => !raisers.some(({ text }) => text.includes(`'${code}'`)),
  );
  expect(silent.toSorted()).toEqual([]);
});

/** A key `alert` of an object in code, which is how a log line gets it. */
const writesAlert = (text: string): boolean => /[{,]\s*['"]?alert['"]?\s*[:,}]/.test(text);

test('a log line gets its alert from one place only', () => {
  const writers = sources.filter(({ text }) => writesAlert(text)).map(({ file }) => file);
  expect(writers).toEqual(['alerts.ts']);
});

test.each([
  "log.error({ alert: 'PAYMENT_MISMATCH' }, 'x')",
  "log.warn({ paymentId, 'alert': code }, 'x')",
  'log.error({ account, alert }, 1)',
  'log.info({\n  alert: true,\n})',
])('another place would be found: %s', (text) => {
  expect(writesAlert(text)).toBe(true);
});

test('an alert is one line at error level with its code, and one count', () => {
  const lines: string[] = [];
  const counted: AlertCode[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const alerts = createAlerts(log, (code) => counted.push(code));
  alerts.raise('PAYMENT_MISMATCH', { paymentId: 'p-1' });
  alerts.raise('PROVIDER_KEY_CONFLICT', { alert: 'not this' }, 'in other words');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 50, alert: 'PAYMENT_MISMATCH', paymentId: 'p-1', msg: alertCodes.PAYMENT_MISMATCH },
    { level: 50, alert: 'PROVIDER_KEY_CONFLICT', msg: 'in other words' },
  ]);
  expect(counted).toEqual(['PAYMENT_MISMATCH', 'PROVIDER_KEY_CONFLICT']);
});

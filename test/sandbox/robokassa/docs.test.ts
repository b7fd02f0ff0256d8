import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEMO_PAYMENTS } from '../../../sandbox/robokassa/demo-payments.ts';
import { DEFAULT_SETTINGS } from '../../../sandbox/robokassa/settings.ts';

describe('the section RoboKassa of docs/sandbox.md', () => {
  const guide = readFileSync(new URL('../../../docs/sandbox.md', import.meta.url), 'utf8');
  const section = guide.split('\n## RoboKassa\n')[1]?.split('\n## ')[0] ?? '';

  it.each(Object.entries(DEFAULT_SETTINGS))(
    'explains the mode %s of robokassa with its default',
    (name, value) => {
      const shown = typeof value === 'string' ? value : JSON.stringify(value);
      expect(section).toContain(`| \`${name}\` | \`${shown}\` |`);
    },
  );

  it('lists the ready payments of robokassa as they are', () => {
    for (const { reference, account, description } of DEMO_PAYMENTS) {
      expect(section).toContain(`| \`${reference}\` | \`${account}\` | ${description} |`);
    }
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEMO_PAYMENTS } from '../../../sandbox/prism/demo-payments.ts';
import { DEFAULT_SETTINGS } from '../../../sandbox/prism/settings.ts';

const guide = readFileSync(new URL('../../../docs/sandbox.md', import.meta.url), 'utf8');
const [, ofPrism = ''] = guide.split('\n## Connectors behind Prism\n');

describe('docs/sandbox.md about prism', () => {
  it.each(Object.entries(DEFAULT_SETTINGS))('explains the mode %s with its default', (name, value) => {
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    expect(ofPrism).toContain(`| \`${name}\` | \`${shown}\` |`);
  });

  it.each(DEMO_PAYMENTS)('lists the ready payment $reference', ({ reference, account, description }) => {
    expect(ofPrism).toContain(`| \`${reference}\` | \`${account}\` | ${description} |`);
  });
});

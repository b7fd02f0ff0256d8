import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderCapabilities } from '../../src/providers/capability-table.ts';
import { providers, usualAdapterOf } from '../../src/providers/registry.ts';

const providerCodes = providers.map(({ code }) => code);

const page = readFileSync(new URL('../../docs/providers.md', import.meta.url), 'utf8');

test('docs/providers.md shows the capabilities that the adapters declare', () => {
  const shown = /<!-- capabilities: begin -->\n(.*)<!-- capabilities: end -->/s.exec(page)?.[1];
  expect(shown).toBe(renderCapabilities());
});

test.each(providerCodes)('%s is registered under its own code and described', (code) => {
  const adapter = usualAdapterOf(code);
  expect(adapter.code).toBe(code);
  const headings = [providers.find((one) => one.code === code)!.displayName, adapter.displayName].map((name) => `\n## ${name}\n`);
  expect(headings.some((heading) => page.includes(heading))).toBe(true);
});

test.each(providerCodes)('%s stops replaying before its provider forgets the key', (code) => {
  const { recovery, capabilities } = usualAdapterOf(code);
  // A provider that remembers no key is never sent to again.
  const ends = capabilities.idempotencyHours * 3_600_000;
  expect(recovery.replayForMs).toBeLessThan(Math.max(ends, 1));
});

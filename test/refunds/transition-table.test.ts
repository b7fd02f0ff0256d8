import { expect, test } from 'vitest';
import { renderTransitions } from '../../src/refunds/transition-table.ts';
import { transitions } from '../../src/refunds/transitions.ts';

test('docs/transitions.md is made from the table of moves', async () => {
  await expect(renderTransitions()).toMatchFileSnapshot('../../docs/transitions.md');
});

test('every move is a line of the page, and says what it does to the amount', () => {
  const page = renderTransitions();
  for (const { from, cause, to } of transitions)
    for (const target of to)
      expect(page).toMatch(
        new RegExp(`^\\| \`${from}\` \\| ${cause} \\| \`${target}\` \\| [^|]+\\. \\| [^|]+ \\|$`, 'm'),
      );
});

test('what succeeds counts, what fails frees, what is unclear stays reserved', () => {
  const page = renderTransitions();
  const amountOf = (from: string, cause: string, to: string) =>
    new RegExp(`^\\| \`${from}\` \\| ${cause} \\| \`${to}\` \\|[^|]+\\| ([^|]+) \\|$`, 'm').exec(page)?.[1];
  expect(amountOf('SENDING', 'answer', 'SUCCEEDED')).toBe('counts as refunded');
  expect(amountOf('SENDING', 'lease', 'UNKNOWN')).toBe('stays reserved');
  expect(amountOf('MANUAL_REVIEW', 'verdict', 'FAILED')).toBe('is free again');
  expect(amountOf('SUCCEEDED', 'evidence', 'REVERSED')).toBe('is taken back, and free');
  expect(amountOf('FAILED', 'caller', 'QUEUED')).toBe('is reserved again');
});

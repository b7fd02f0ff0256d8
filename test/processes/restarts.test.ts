import { expect, test } from 'vitest';
import { createRestarts } from '../../src/processes/restarts.ts';

test('pauses double while a process ends at once, and after five ends there is no other start', () => {
  const restarts = createRestarts();
  expect([10, 20, 9_999, 0, 5].map((livedMs) => restarts.pauseMs(livedMs))).toEqual([
    200,
    400,
    800,
    1_600,
    undefined,
  ]);
});

test('a process that has lived for a while begins anew', () => {
  const restarts = createRestarts();
  expect([10, 20, 10_000, 5, 60_000].map((livedMs) => restarts.pauseMs(livedMs))).toEqual([
    200, 400, 100, 200, 100,
  ]);
});

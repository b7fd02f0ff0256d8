import { expect, it } from 'vitest';
import { prism } from './prism.ts';

it('loads its native library', () => {
  expect(() => new prism.UniffiClient()).not.toThrow();
});

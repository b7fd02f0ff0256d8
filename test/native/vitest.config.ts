import { defineConfig } from 'vitest/config';
import { PRISM_PACKAGE_DIR, ROOT } from './paths.ts';

const resultsFile = process.env['NATIVE_TEST_RESULTS'];

/** The native suite alone, for `npm run test:native`; threads, because a borrowed glibc does not reach forks. */
export default defineConfig({
  root: ROOT,
  resolve: {
    alias: [
      { find: /^graphql$/, replacement: 'graphql/index.js' },
      { find: /^hyperswitch-prism$/, replacement: PRISM_PACKAGE_DIR },
    ],
  },
  test: {
    include: ['test/native/**/*.native.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'threads',
    maxWorkers: 2,
    reporters: resultsFile ? ['default', ['json', { outputFile: resultsFile }]] : ['default'],
  },
});

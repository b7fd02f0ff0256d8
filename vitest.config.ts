import { configDefaults, defineConfig } from 'vitest/config';

const resultsFile = process.env['TEST_RESULTS'];

export default defineConfig({
  // Node loads the CommonJS build of graphql for every package; without this, tests would get the other one, and
  // two copies do not know each other's classes.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/**/*.native.test.ts'], // npm run test:native
    globalSetup: ['test/support/global-setup.ts'],
    // Some tests start several processes, on machines with little to spare.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // Files share the modules that their worker has loaded, which halves the time of a run. A file gives back what it
    // opens and changes nothing global: databases, sandboxes and servers are its own, mocks and fake timers do not occur.
    isolate: false,
    // TEST_RESULTS names a file for the counts, beside what a person reads.
    reporters: resultsFile ? ['default', ['json', { outputFile: resultsFile }]] : ['default'],
  },
});

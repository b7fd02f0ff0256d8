import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadServiceConfig } from '../../src/config.ts';
import { load, loadFile, merchant, problemsOf, wheresOf } from './settings.ts';

describe('the environment', () => {
  it('has a value for everything but the accounts', () => {
    const { merchants, ...service } = loadFile({ merchants: [merchant()] });
    expect(merchants).toHaveLength(1);
    expect(service).toEqual({
      host: '127.0.0.1',
      port: 4000,
      database: { kind: 'embedded', dataDir: resolve('.data') },
      dataDir: resolve('.data'),
      demo: false,
      sandboxPort: 4010,
      logLevel: 'info',
      prepared: true,
      poolSize: 10,
      maxInflightRequests: 256,
      shutdownGraceMs: 45_000,
      engine: true,
      webConcurrency: 1,
      operatorEndpoints: [],
    });
  });

  it('is read', () => {
    const config = loadFile(
      { merchants: [merchant()] },
      {
        PORT: '0',
        HOST: '::',
        DATABASE_URL: 'postgresql://user:pw@db:5432/refunds',
        DATA_DIR: '/var/lib/refunds',
        SANDBOX_PORT: '5010',
        LOG_LEVEL: 'silent',
        DB_PREPARED: '0',
        DB_POOL_SIZE: '3',
        DEMO: '0',
        MAX_INFLIGHT_REQUESTS: '7',
        SHUTDOWN_GRACE_MS: '36000',
        ENGINE: '0',
        METRICS_PORT: '9464',
        WEB_CONCURRENCY: '64',
        NODE_ENV: 'production',
      },
    );
    expect(config).toMatchObject({
      port: 0,
      host: '::',
      dataDir: '/var/lib/refunds',
      sandboxPort: 5010,
      logLevel: 'silent',
      demo: false,
      prepared: false,
      poolSize: 3,
      maxInflightRequests: 7,
      shutdownGraceMs: 36_000,
      engine: false,
      metricsPort: 9464,
      webConcurrency: 64,
    });
    expect(config.database.kind === 'url' && config.database.url).toBe(
      'postgresql://user:pw@db:5432/refunds',
    );
  });

  it('can be read without accounts, for a migration', () => {
    expect(loadServiceConfig({ DATABASE_URL: 'postgres://db/refunds' }).database.kind).toBe('url');
    expect(wheresOf(() => loadServiceConfig({ PORT: 'x' }))).toEqual(['PORT']);
  });

  it('reports all wrong variables at once, with the value and what is allowed', () => {
    const env = {
      PORT: '70000',
      HOST: 'my host',
      DATABASE_URL: 'mysql://u:canary-password@db/x',
      SANDBOX_PORT: '65530',
      LOG_LEVEL: 'verbose',
      DB_PREPARED: 'yes',
      DB_POOL_SIZE: '0',
      MAX_INFLIGHT_REQUESTS: '1e3',
      SHUTDOWN_GRACE_MS: '1000',
      METRICS_PORT: '-1',
      PERSISTED_OPERATIONS: 'some',
      WEB_CONCURRENCY: '65',
      DEMO: 'true',
      DATA_DIR: '',
    };
    const problems = problemsOf(() => load(env));
    expect(problems.map((line) => line.replace(/:.*/, '')).toSorted()).toEqual(Object.keys(env).toSorted());
    expect(problems).toContain('PORT: "70000" is not allowed; it must be a whole number from 0 to 65535');
    expect(problems).toContain('DEMO: "true" is not allowed; it must be 0, 1');
    expect(problems.join()).not.toContain('canary-password');
  });

  it('refuses more processes than the embedded server has connections for', () => {
    const of = (env: Record<string, string>) => wheresOf(() => loadFile({ merchants: [merchant()] }, env));
    expect(of({ WEB_CONCURRENCY: '10' })).toEqual(['WEB_CONCURRENCY']);
    expect(of({ WEB_CONCURRENCY: '2', DB_POOL_SIZE: '46' })).toEqual(['WEB_CONCURRENCY']);
    expect(() => loadServiceConfig({ WEB_CONCURRENCY: '9' })).not.toThrow();
    expect(() => loadServiceConfig({ WEB_CONCURRENCY: '10', DB_POOL_SIZE: '9' })).not.toThrow();
    expect(() => loadServiceConfig({ WEB_CONCURRENCY: '10', DATABASE_URL: 'postgres://db/x' })).not.toThrow();
  });

  it.each(['', ' 4000', '+1', '-1', '04000', '4000.0', '0x10', '４０００', '99999999999999999999'])(
    'refuses %j as a port',
    (PORT) => {
      expect(wheresOf(() => loadFile({ merchants: [merchant()] }, { PORT }))).toEqual(['PORT']);
    },
  );

  it.each(['', 'refunds', 'postgres:/db', 'http://db/refunds', 'postgres://['])(
    'refuses %j as a database',
    (DATABASE_URL) => {
      expect(wheresOf(() => loadFile({ merchants: [merchant()] }, { DATABASE_URL }))).toEqual([
        'DATABASE_URL',
      ]);
    },
  );

  it('refuses one port for the API and for the metrics alone', () => {
    const env = { PORT: '4100', METRICS_PORT: '4100' };
    expect(wheresOf(() => loadFile({ merchants: [merchant()] }, env))).toEqual(['METRICS_PORT']);
    const free = { PORT: '0', METRICS_PORT: '0' };
    expect(loadFile({ merchants: [merchant()] }, free).metricsPort).toBe(0);
  });

  it('refuses to start with no accounts file, and says what to do', () => {
    const [problem, ...others] = problemsOf(() => load({}));
    expect(others).toEqual([]);
    expect(problem).toMatch(/^ACCOUNTS_FILE: is not set.*docs\/configuration\.md.*DEMO=1/);
  });
});

import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type App } from '../../src/app.ts';
import type { Database } from '../../src/db/tables.ts';
import { createLog } from '../../src/log.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { configOf, KEY } from './app-config.ts';

let database: TestDatabase<Database>;
let app: App;
beforeAll(async () => {
  database = await createTestDatabase('audits');
  app = await startApp(configOf(database), { log: createLog({ level: 'silent' }) });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const audits = serverAudits({
  url: () => `${app.url}/graphql`,
  fetchFn: (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${KEY}`);
    return fetch(url, { ...init, headers });
  },
});

describe('the GraphQL over HTTP specification, by the audits of graphql-http', () => {
  it('has its audits', () => expect(audits.length).toBe(61));

  for (const audit of audits)
    it(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      const reason = 'reason' in result ? result.reason : undefined;
      expect({ status: result.status, reason }).toEqual({ status: 'ok', reason: undefined });
    });
});

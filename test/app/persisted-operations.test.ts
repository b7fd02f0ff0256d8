import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../src/app.ts';
import { ConfigError } from '../../src/config.ts';
import type { Database } from '../../src/db/tables.ts';
import { createLog } from '../../src/log.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { configOf, KEY } from './app-config.ts';

let database: TestDatabase<Database>;
beforeAll(async () => {
  database = await createTestDatabase('persisted');
});
afterAll(() => database.drop());

const QUERY = 'query WhoAmI { viewer { merchant { code } } }';
const HASH = createHash('sha256').update(QUERY).digest('hex');

const startWith = (documents: Record<string, string>) =>
  startApp(
    configOf(database, {
      persistedOperations: { documents: new Map(Object.entries(documents)), only: true },
    }),
    { log: createLog({ level: 'silent' }) },
  );

describe('registered operations', () => {
  it('are executed by the service, and nothing else is', async () => {
    const app = await startWith({ [HASH]: QUERY });
    const ask = async (search: string): Promise<unknown> => {
      const answer = await fetch(`${app.url}/graphql?${search}`, {
        headers: { authorization: `Bearer ${KEY}` },
      });
      return answer.json();
    };
    try {
      expect(await ask(`documentId=sha256:${HASH}`)).toEqual({
        data: { viewer: { merchant: { code: 'acme' } } },
      });
      expect(await ask('query={__typename}')).toMatchObject({
        errors: [{ extensions: { code: 'QUERY_NOT_IN_SAFELIST' } }],
      });
    } finally {
      await app.close();
    }
  });

  it('that are none of this schema refuse the start, with every problem of each', async () => {
    const wrong = {
      good: QUERY,
      unknown: '{ viewer { nothing } }\n{ neither }',
      broken: '{ viewer { ',
      fragment: 'fragment F on Query { viewer { merchant { code } } }',
      stream: 'subscription { refunds }',
      deep: `${'{ viewer '.repeat(70)}${'}'.repeat(70)}`,
    };
    const refused: unknown = await startWith(wrong).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    const problems = (refused as ConfigError).problems.map(({ where, message }) => `${where}: ${message}`);
    const of = (name: string) => problems.filter((line) => line.includes(`"${name}"`));
    expect(of('good')).toEqual([]);
    expect(of('unknown').join('\n')).toMatch(/line 1, column 12: Cannot query field "nothing"/);
    expect(of('unknown').join('\n')).toMatch(/line 2, column 3: Cannot query field "neither"/);
    expect(of('broken')).toEqual([expect.stringContaining('Syntax Error')]);
    expect(of('fragment')).toEqual(['PERSISTED_OPERATIONS_FILE: "fragment": has no operation']);
    expect(of('stream')).toEqual([
      'PERSISTED_OPERATIONS_FILE: "stream": has a subscription, and the schema has none',
    ]);
    expect(of('deep')).toEqual([expect.stringContaining('nested deeper')]);
  });
});

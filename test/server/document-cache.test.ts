import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDocumentCache } from '../../src/server/document-cache.ts';
import { startServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.server.close(0));

/** How many documents were parsed and validated so far. */
async function readSoFar(): Promise<{ parsed: number; validated: number }> {
  const page = await (await fetch(`${server.url}/metrics`)).text();
  const count = (step: string): number =>
    Number(new RegExp(`graphql_documents_total\\{step="${step}"\\} (\\d+)`).exec(page)?.[1] ?? '0');
  return { parsed: count('parsed'), validated: count('validated') };
}

const repeat = async (query: string, variables?: readonly Record<string, unknown>[]) => {
  const answers = [];
  for (let n = 0; n < 4; n += 1) answers.push(await server.query(query, variables?.[n]));
  return answers;
};

describe('a repeated document', () => {
  it('is parsed and validated once, whatever its variables', async () => {
    const of = [1, 2, 3, 4].map((value) => ({ of: value }));
    const answers = await repeat('query Double($of: Int!) { double(of: $of) }', of);
    expect(answers.map(({ data }) => data)).toEqual([2, 4, 6, 8].map((double) => ({ double })));
    expect(await readSoFar()).toEqual({ parsed: 1, validated: 1 });
  });

  it('that is no GraphQL is parsed once, and refused each time with its location', async () => {
    const answers = await repeat('{ hello(');
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[3]!.errors![0]).toMatchObject({ locations: [{ line: 1, column: 9 }] });
    expect(await readSoFar()).toEqual({ parsed: 1, validated: 0 });
  });

  it('that the schema does not know is validated once, and refused each time with its location', async () => {
    const answers = await repeat('{ helo }');
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[3]!.errors![0]).toMatchObject({ locations: [{ line: 1, column: 3 }] });
    expect(await readSoFar()).toEqual({ parsed: 1, validated: 1 });
  });

  it('with variables of the wrong type is refused each time, and then taken with right ones', async () => {
    const bad = await repeat('query ($of: Int!) { double(of: $of) }', Array(4).fill({ of: 'x' }));
    expect(bad.every(({ errors }) => errors?.[0]?.extensions?.['code'] === 'BAD_USER_INPUT')).toBe(true);
    expect((await server.query('query ($of: Int!) { double(of: $of) }', { of: 5 })).data).toEqual({
      double: 10,
    });
    expect(await readSoFar()).toEqual({ parsed: 1, validated: 1 });
  });
});

describe('the cache of documents', () => {
  it('keeps what was used last within a million characters, and no document that is very long', () => {
    const cache = createDocumentCache<number>();
    const document = (n: number): string => `${n}`.padEnd(10_000, 'x');
    for (let n = 0; n < 100; n += 1) cache.set(document(n), n);
    expect(cache.get(document(0))).toBe(0);
    cache.set(document(100), 100);
    expect(cache.get(document(0))).toBe(0);
    expect(cache.get(document(1))).toBeUndefined();
    cache.set('y'.repeat(20_001), 1);
    expect(cache.get('y'.repeat(20_001))).toBeUndefined();
    const kept = Array.from({ length: 101 }, (_, n) => cache.get(document(n))).filter((n) => n !== undefined);
    expect(kept).toHaveLength(100);
  });
});

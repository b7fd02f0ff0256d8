import { expect, test } from 'vitest';
import type { Validators } from '../../../src/resolvers/validators.ts';
import { KEY, startServer } from '../test-server.ts';

const nothing: Omit<Validators, 'configuration'> = {
  readSubjects: () => Promise.resolve({ validator: '', freshness: undefined, due: [] }),
  readFeed: () => Promise.resolve(undefined),
  startLooks: () => Promise.resolve(),
};

/** The tag of an answer that depends on the build alone. */
async function tagOf(version: string, configuration: string): Promise<string | null> {
  const { server, url } = await startServer({
    conditional: { validators: { ...nothing, configuration }, version },
  });
  try {
    const headers = { authorization: `Bearer ${KEY}` };
    return (await fetch(`${url}/graphql?query={__typename}`, { headers })).headers.get('etag');
  } finally {
    await server.close(1_000);
  }
}

test('a tag of another release, or of accounts that were configured otherwise, is another one', async () => {
  const tags = await Promise.all([
    tagOf('1.0.0', 'a'),
    tagOf('1.0.0', 'a'),
    tagOf('1.0.1', 'a'),
    tagOf('1.0.0', 'b'),
  ]);
  expect(tags[0]).toMatch(/^W\//);
  expect(tags[1]).toBe(tags[0]);
  expect(new Set(tags).size).toBe(3);
});

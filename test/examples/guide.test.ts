import { existsSync, readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readPersistedOperations, sha256Of } from '../../src/config/persisted-operations.ts';
import { buildSchema } from '../../src/schema/index.ts';
import { checkOperations } from '../../src/startup/check-operations.ts';

const docs = path.resolve(import.meta.dirname, '../../docs');
const guide = readFileSync(path.join(docs, 'polling.md'), 'utf8');

test('the file of operations in the guide is one that the service takes, and its hash is asked for', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'refund-guide-'));
  try {
    const file = path.join(directory, 'operations.json');
    writeFileSync(file, /```json\n(\{\n.*?\n\})\n```/s.exec(guide)?.[1] ?? '');
    const problems: string[] = [];
    const operations = readPersistedOperations(file, 'any', (where, message) =>
      problems.push(where, message),
    );
    expect(problems).toEqual([]);
    checkOperations(buildSchema(), operations);
    for (const id of operations!.documents.keys()) expect(guide).toContain(`documentId=sha256:${id}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('what registers itself in the guide has the hash of its text', () => {
  const text = /"query": "([^"]+)"/.exec(guide)![1]!;
  const hashes = [...guide.matchAll(/"sha256Hash": ?"([0-9a-f]{64})"/g)].map(([, hash]) => hash);
  expect(new Set(hashes)).toEqual(new Set([sha256Of(text)]));
});

test('what the guide leads to is there', () => {
  const links = [...guide.matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => !existsSync(path.join(docs, link)))).toEqual([]);
});

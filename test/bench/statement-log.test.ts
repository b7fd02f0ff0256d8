import { expect, test } from 'vitest';
import { summarise, tally } from '../../bench/statement-log.ts';

const sent = (...texts: (string | [string, number])[]) =>
  texts.map((entry) => {
    const [text, connection] = typeof entry === 'string' ? [entry, 1] : entry;
    return { text, connection };
  });

test('begin and commit are round trips and no statements', () => {
  expect(tally(sent('begin', 'insert into "events" values (1)', 'commit'))).toEqual({
    roundTrips: 3,
    statements: 1,
    commits: 1,
  });
});

test('a write outside of a transaction is a commit of its own, a read is none', () => {
  expect(
    tally(sent('select 1', 'update "legs" set a = 1', 'with x as (delete from a) select 1')).commits,
  ).toBe(2);
});

test('a transaction on one connection does not hide a write on another', () => {
  expect(
    tally(sent('begin', ['update "legs" set a = 1', 2], 'update "legs" set a = 1', 'commit')).commits,
  ).toBe(2);
});

test('a rollback is no commit', () => {
  expect(tally(sent('begin', 'update "legs" set a = 1', 'rollback', 'update "legs" set a = 1')).commits).toBe(
    1,
  );
});

test('a statement is summarised by its verbs and tables', () => {
  expect(summarise('select * from "payments" where "id" = $1 for update')).toBe('from payments for update');
  expect(
    summarise('with "a" as (insert into "refunds" ("id") values ($1)) update "payments" set x = 1'),
  ).toBe('insert into refunds, update payments');
});

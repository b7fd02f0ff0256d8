import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlay, type Play } from './play.ts';
import { poll } from './polling.ts';

let play: Play;
beforeAll(async () => {
  play = await startPlay('unclear_sends');
});
afterAll(() => play.service.close());

test('a repeated send that is unclear for another reason is another answer, with another tag', async () => {
  await play.take({ do: 'create', fault: 'lost-before-effect' });
  const { id } = play.refunds.at(-1)!;
  const wanted = {
    query: 'query ($id: ID!) { refund(by: { id: $id }) { status version failure { code message } } }',
    variables: { id },
  };
  const first = await poll(play.service, wanted);
  await play.take({ do: 'pass', seconds: 60 });
  await play.take({ do: 'drive', fault: 'error-before-effect' });
  const second = await poll(play.service, wanted, { ifNoneMatch: first.etag! });
  expect(second.status).toBe(200);
  expect(second.data).toMatchObject({ refund: { status: 'UNKNOWN' } });
  expect(second.data).not.toEqual(first.data);
});

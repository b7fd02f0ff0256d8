import { legStatuses, type LegStatus } from '../vocabulary.ts';
import { moneyMovementOf, parentRules, publicLegStatus } from './derive.ts';
import { bucketOf, isFinalLeg, transitions, type Bucket } from './transitions.ts';

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  row(...head) + row(...head.map(() => '---')) + rows.map((cells) => row(...cells)).join('');
const code = (word: string): string => `\`${word}\``;

const where: Record<Bucket, string> = {
  reserved: 'reserved',
  refunded: 'refunded',
  free: 'nowhere: it is free',
};

/** What a move does to the amount of its leg. */
const effects: Record<`${Bucket} ${Bucket}`, string> = {
  'reserved reserved': 'stays reserved',
  'reserved refunded': 'counts as refunded',
  'reserved free': 'is free again',
  'refunded reserved': 'is reserved again',
  'refunded refunded': 'stays refunded',
  'refunded free': 'is taken back, and free',
  'free reserved': 'is reserved again',
  'free refunded': 'counts as refunded after all',
  'free free': 'stays free',
};

const effectOf = (from: LegStatus, to: LegStatus): string => effects[`${bucketOf(from)} ${bucketOf(to)}`];

/** What the provider's word was, where a leg moves by it. */
const told: Partial<Record<LegStatus, string>> = {
  QUEUED: 'it was certainly not executed, and is sent again',
  PENDING: 'it is under way there',
  UNKNOWN: 'without an answer that can be read, so that the money may have moved',
  MANUAL_REVIEW:
    'another amount is named, or the refund belongs to another leg, or nothing is told and nobody can be asked',
  SUCCEEDED: 'the money was returned',
  FAILED: 'a definite no',
  CANCELED: 'somebody stopped it there',
  REVERSED: 'the provider has taken the return back',
};

const moves = transitions.flatMap(({ from, cause, to, what, alarm }) =>
  to.map((target) => {
    const isTold = cause === 'answer' || (cause === 'evidence' && to.length > 1) || target === 'REVERSED';
    const sentence = isTold ? `${what}: ${told[target]}.` : `${what}.`;
    return { from, cause, to: target, what: alarm ? `${sentence} An alarm is raised.` : sentence };
  }),
);

const moveTable = (): string =>
  table(
    ['from', 'cause', 'to', 'what happens', 'the amount'],
    moves.map(({ from, cause, to, what }) => [code(from), cause, code(to), what, effectOf(from, to)]),
  );

const statusTable = (): string =>
  table(
    ['leg', 'is shown as', 'its amount counts as', 'final', 'alone, the money is'],
    legStatuses.map((status) => [
      code(status),
      code(publicLegStatus(status)),
      where[bucketOf(status)],
      isFinalLeg(status) ? 'yes' : 'no',
      code(movementAlone(status)),
    ]),
  );

function movementAlone(status: LegStatus): string {
  const sentAt = status === 'QUEUED' ? null : new Date(0);
  const legs = [{ status, sentAt, amount_minor: 1n, returned_minor: status === 'SUCCEEDED' ? 1n : 0n }];
  return moneyMovementOf({ status: parentRules.find((rule) => rule.fits(legs))!.status }, legs);
}

/** The picture: one arrow from a status to another, with every cause that there is for it. */
function diagram(): string {
  const causes = Map.groupBy(moves, ({ from, to }) => `${from} --> ${to}`);
  const arrows = [...causes].map(
    ([arrow, group]) => `  ${arrow}: ${group.map(({ cause }) => cause).join(', ')}\n`,
  );
  const born = ['[*] --> QUEUED: waits for its turn', '[*] --> SENDING: sent at once'];
  const found = ['PENDING', 'SUCCEEDED', 'FAILED'].map((status) => `[*] --> ${status}: found elsewhere`);
  const first = [...born, ...found].map((arrow) => `  ${arrow}\n`).join('');
  return `\`\`\`mermaid\nstateDiagram-v2\n${first}${arrows.join('')}\`\`\`\n`;
}

const parentTable = (): string =>
  table(
    ['', 'when', 'the refund is'],
    parentRules.map(({ status, when }, index) => [String(index + 1), when, code(status)]),
  );

/** The page docs/transitions.md, all of it made from the code that moves legs; a test compares the two. */
export const renderTransitions = (): string => `# The moves of a refund

This page is made from \`src/refunds/transitions.ts\` and \`src/refunds/derive.ts\` by
\`npx vitest run test/refunds/transition-table.test.ts --update\`; a test fails when it and the code differ. How a refund
lives, in words, is in [refund-life.md](refund-life.md).

A refund has one leg, or one for each seller. Only legs move, only along this table, and each move changes the sums of
the payment and of its sellers, the status of the refund and the history in one statement. The database knows the same
pairs (\`leg_transitions\`) and refuses every other one.

## Every move of a leg

Causes: \`claim\` a sender takes it · \`answer\` the provider's answer to a send · \`evidence\` what the service fetched
from the provider, or a signed message of one that cannot be asked · \`caller\` a mutation · \`lease\` a sender that never
came back · \`plan\` the recovery plan has no step left · \`verdict\` a person has decided · \`merge\` what seemed to be
made elsewhere is ours.

${moveTable()}
${diagram()}
## Where the amount of a leg counts

What is refunded and reserved never exceeds what was captured, per payment and per seller. A fact, or a verdict, that
breaks the sum is recorded all the same: the payment is marked as overcommitted, and nothing more of it is refundable.

${statusTable()}
A leg that succeeded counts with what was returned. That is its amount, unless the provider returned another one and a
person has taken that with \`resolveRefund\`.

## The status of the refund

Derived from its legs, whenever one of them moves: the first line that fits.

${parentTable()}`;

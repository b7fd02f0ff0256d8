import type { Scenario } from '../scenario.ts';
import { amounts } from './amounts.ts';
import { answers } from './answers.ts';
import { cancels } from './cancels.ts';
import { elsewhere } from './elsewhere.ts';
import { ends } from './ends.ts';
import { extras } from './extras.ts';
import { keys } from './keys.ts';
import { kills } from './kills.ts';
import { looks } from './looks.ts';
import { lostAnswers } from './lost-answers.ts';
import { outages } from './outages.ts';
import { payments } from './payments.ts';
import { repetitions } from './repetitions.ts';
import { traces } from './traces.ts';
import { webhooks } from './webhooks.ts';

/** By the name under which they stand in the documentation. */
export const groups: Readonly<Record<string, readonly Scenario[]>> = {
  Amounts: amounts,
  Payments: payments,
  'Keys and races': keys,
  'Lost answers': lostAnswers,
  Repetitions: repetitions,
  'Killed processes': kills,
  'Other answers': answers,
  'Times of trouble': outages,
  'How refunds end': ends,
  Cancels: cancels,
  'Items, sellers, receipts, speeds': extras,
  'Refunds made elsewhere': elsewhere,
  'Look-ups': looks,
  'Trace references': traces,
  Webhooks: webhooks,
};

export const scenarios: readonly Scenario[] = Object.values(groups).flat();

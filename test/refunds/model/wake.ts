import { expect } from 'vitest';
import { watchRequests } from '../../support/rules.ts';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** A process that stood still goes on, however late: it must send nothing that it may not. */
export class Wake extends Step {
  protected async act(_model: Model, system: System): Promise<void> {
    await wakeOne(system);
  }

  override toString(): string {
    return 'Wake()';
  }
}

/** No process may send later than this after it was allowed to: half of a lease (MONEY section 1). */
const mayStillSendMs = 40_000;

/** @returns false when none stood still */
export async function wakeOne(system: System): Promise<boolean> {
  const stopped = system.stopped.shift();
  if (stopped === undefined) return false;
  const { replica, at, since } = stopped;
  const stoodMs = system.t.clock.now().getTime() - since.getTime();
  const requests = await Promise.all(
    ['yookassa', 'razorpay'].map((provider) => watchRequests(system.t, provider)),
  );
  at.wake();
  await replica.idle();
  if (at.point !== 'before the call' || stoodMs < mayStillSendMs) return true;
  const sent = (await Promise.all(requests.map((list) => list('createRefund', 'cancelPayment')))).flat();
  expect(at.key(), 'it was about to send something').toBeDefined();
  expect(
    sent.map(({ providerKey }) => providerKey),
    'a process that wakes up late sends nothing',
  ).not.toContain(at.key());
  return true;
}

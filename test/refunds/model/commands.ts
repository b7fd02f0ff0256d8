import fc from 'fast-check';
import { AdvanceClock, spans } from './advance-clock.ts';
import { AtOnce } from './at-once.ts';
import { CancelPayment } from './cancel-payment.ts';
import { CancelRefund } from './cancel-refund.ts';
import { ClearFaults } from './clear-faults.ts';
import { Conflict, otherContents } from './conflict.ts';
import { ConsoleRefund } from './console-refund.ts';
import { Create, creation } from './create.ts';
import { Fault, sendTrouble, trouble as anyTrouble } from './fault.ts';
import type { Model } from './model.ts';
import { Outage } from './outage.ts';
import { Reconcile } from './reconcile.ts';
import { Replay } from './replay.ts';
import { Resolve } from './resolve.ts';
import { Restart } from './restart.ts';
import { Retry } from './retry.ts';
import { Settle } from './settle.ts';
import { Stop, stopPoints } from './stop.ts';
import { StopInReconcile } from './stop-in-reconcile.ts';
import { StopInSync } from './stop-in-sync.ts';
import { Sync } from './sync.ts';
import type { System } from './system.ts';
import { Wake } from './wake.ts';

type Command = fc.AsyncCommand<Model, System>;

const on = fc.nat({ max: 1 });
const which = fc.nat({ max: 11 });
const payment = fc.nat({ max: 3 });
const twice = fc.boolean();
const comesBack = fc.boolean();
const point = fc.constantFrom(...stopPoints);

const create = fc
  .tuple(creation, sendTrouble)
  .map(([each, trouble]): Command => new Create({ ...each, trouble }));
const fault = anyTrouble.map((each): Command => new Fault(each));
const sync = fc.record({ on, which, twice }).map((each): Command => new Sync(each));
const advance = fc.constantFrom(...spans).map((seconds): Command => new AdvanceClock({ seconds }));
const reconcile = fc.record({ on }).map((each): Command => new Reconcile(each));
const stop = fc
  .tuple(creation, fc.record({ point, isTold: fc.boolean(), comesBack }))
  .map(([each, more]): Command => new Stop({ ...each, ...more }));
const retry = fc.record({ on, which, twice }).map((each): Command => new Retry(each));
const consoleRefund = fc
  .record({ payment, permille: fc.bigInt({ min: 0n, max: 1_000n }), seller: fc.nat({ max: 1 }) })
  .map((each): Command => new ConsoleRefund(each));

/** What can happen, as often as it stands here. */
export const commands = fc.commands(
  [
    create,
    create,
    create,
    create,
    fault,
    fault,
    fault,
    fault,
    sync,
    sync,
    advance,
    advance,
    retry,
    consoleRefund,
    fc.record({ on, which }).map((each): Command => new Replay(each)),
    fc
      .record({ on, which, other: fc.constantFrom(...otherContents) })
      .map((each): Command => new Conflict(each)),
    fc.record({ on, which }).map((each): Command => new CancelRefund(each)),
    fc
      .record({
        on,
        payment: fc.constantFrom(3, 3, 3, 0, 1, 2),
        again: fc.boolean(),
        ifCaptured: fc.constantFrom('REFUND' as const, 'REFUSE' as const),
      })
      .map((each): Command => new CancelPayment(each)),
    reconcile,
    reconcile,
    fc.record({ on, which, namesRefund: fc.boolean() }).map((each): Command => new Resolve(each)),
    fc.record({ on, point, comesBack }).map((each): Command => new StopInReconcile(each)),
    fc.constant<Command>(new ClearFaults()),
    fc
      .record({ provider: fc.constantFrom('yookassa' as const, 'razorpay' as const), succeeds: fc.boolean() })
      .map((each): Command => new Settle(each)),
    fc.record({ on }).map((each): Command => new Restart(each)),
    stop,
    stop,
    stop,
    fc.record({ on, which, point, comesBack }).map((each): Command => new StopInSync(each)),
    fc.constant<Command>(new Wake()),
    fc.tuple(creation, fc.boolean()).map(([each, sameKey]): Command => new AtOnce({ ...each, sameKey })),
    creation.map((each): Command => new Outage(each)),
  ],
  { maxCommands: 40, size: 'max', ...replayOf(process.env['FC_REPLAY']) },
);

/** The path inside the commands that a failure names, to begin there again. */
function replayOf(replayPath: string | undefined): { replayPath?: string } {
  return replayPath === undefined ? {} : { replayPath };
}

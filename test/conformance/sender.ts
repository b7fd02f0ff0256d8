// One createRefund as a process of its own, to be killed on the way: its argument is the task as JSON.
import { createRequire, enableCompileCache, flushCompileCache, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { SenderTask } from './kill-sender.ts';

const task = JSON.parse(process.argv[2] ?? '{}') as SenderTask;
const { packages = {}, providersModule } = task;
registerHooks({
  resolve(specifier, context, next) {
    const folder = packages[specifier];
    if (folder === undefined) return next(specifier, context);
    return next(pathToFileURL(createRequire(import.meta.url).resolve(folder)).href, context);
  },
});

// A process that is killed never writes the cache by itself.
enableCompileCache();
const [{ openWorld }, { createRefund }, { parseDecimal, toCurrency }, { createLog }] = await Promise.all([
  import('../../src/startup/open-world.ts'),
  import('../../src/refunds/create-refund.ts'),
  import('../../src/money.ts'),
  import('../../src/log.ts'),
]);
flushCompileCache();

// What the module exports, by agreement.
const own = providersModule === undefined ? {} : ((await import(providersModule)) as Record<string, never>);
const { world, tenants, movableClock } = await openWorld({
  config: task.config,
  log: createLog({ level: 'fatal' }),
  mode: 'attach',
  movableClock: true,
  ...own,
});
movableClock?.setOffsetSeconds(task.offsetSeconds);
const amount = parseDecimal(task.amount.value, toCurrency(task.amount.currency));
if (!amount.ok) throw new TypeError('no amount');
const merchantCode = 'demo';
const created = await createRefund(
  world,
  {
    viewer: {
      merchantId: tenants.merchants.get(merchantCode)!,
      merchantCode,
      keyId: [...tenants.keys.values()][0]!,
      keyName: 'test',
      scopes: new Set(['read', 'write']),
    },
    requestId: 'sender',
  },
  {
    idempotencyKey: task.key,
    payment: { account: task.account, paymentId: task.paymentId },
    amount: { kind: 'money', money: amount.money },
    reason: 'REQUESTED_BY_CUSTOMER',
    note: null,
    reference: null,
    metadata: {},
    receipt: null,
    feeBearer: null,
    speed: null,
    expectedRefundable: null,
    replaces: null,
    waitMs: 30_000,
  },
);
// Nobody was killed.
process.exit(created.ok ? 3 : 4);

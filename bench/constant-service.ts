// The service as `serve` runs it, with one difference: each row is read once and then answered from memory for ever. What
// polling costs against this is what reading costs; the rest of a request is the same code. For the bench only.
import { startApp } from '../src/app.ts';
import { credentials } from '../src/commands/credentials.ts';
import { loadConfig } from '../src/config.ts';
import type { BatchedRead } from '../src/db/batched-read.ts';
import { readBatchOf } from '../src/db/read-batch.ts';
import { createLog } from '../src/log.ts';

const config = loadConfig(process.env, { credentials });
const app = await startApp(config, { log: createLog({ level: config.logLevel }) });

// Loaders take their reads from this one object with every operation.
const reads = readBatchOf(app.world.db);
Object.assign(reads, {
  refund: constant(reads.refund),
  payment: constant(reads.payment),
  account: constant(reads.account),
  merchant: constant(reads.merchant),
  legsOfRefund: constant(reads.legsOfRefund),
  sharesOfRefund: constant(reads.sharesOfRefund),
  sharesOfPayment: constant(reads.sharesOfPayment),
});

function constant<Key extends string, Row>(read: BatchedRead<Key, Row>): BatchedRead<Key, Row> {
  const rows = new Map<string, Promise<Row | undefined>>();
  return (merchantId, key) => {
    const place = `${merchantId} ${key}`;
    const row = rows.get(place) ?? read(merchantId, key);
    rows.set(place, row);
    return row;
  };
}

process.once('SIGTERM', () => {
  void app.close().then(() => process.exit(0));
});

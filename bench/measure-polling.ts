import { compare } from './alternate.ts';
import { bodyOf, pathOf, type Operation } from './load-orders.ts';
import { count, ms, spreadText } from './report.ts';
import { insertHistory } from './history.ts';
import { sideOf, type Bar, type Finding, type Run } from './run.ts';
import { apiKey, startService, type Service } from './service.ts';

/** Polling one refund, against the same service that answers every row from memory. */
export async function measurePolling(run: Run): Promise<Finding> {
  const database = await run.server.database('polling');
  const options = { accounts: [run.instantAccount], databaseUrl: database.url };
  const service = await startService(run.cores, options);
  const constant = await startService(run.cores, { ...options, script: 'bench/constant-service.ts' });
  try {
    const [paymentId] = await insertHistory(database, run.instantAccount.code);
    const make: Operation = {
      kind: 'create',
      account: run.instantAccount.code,
      paymentIds: [paymentId!],
    };
    const { query, variables } = JSON.parse(bodyOf(make, 0)) as { query: string; variables: object };
    const made = await service.ask<{ createRefund: { refund: { id: string } } }>(query, { ...variables });
    const refundId = made.createRefund.refund.id;
    const operation: Operation = { kind: 'poll', refundId };
    const unchanged: Operation = { kind: 'unchanged', refundId, etag: await tagOf(service, refundId) };

    const bars: Bar[] = [];
    const details: string[] = [];
    for (const clients of [16, 64]) {
      const result = await compare(
        run.protocol,
        sideOf(run, service, { clients, operation }),
        sideOf(run, constant, { clients, operation }),
      );
      bars.push({
        what: `polling one refund, c = ${clients}`,
        against: 'the same service with a constant row loader',
        bar: '>= 0.80',
        measured:
          spreadText(result.ratio) +
          (result.isVoid ? `, void: against itself ${spreadText(result.same)}` : ''),
        isMet: result.isVoid ? undefined : result.ratio.median >= 0.8,
        reason: 'reading takes the difference in CPU time of Node, see below',
      });
      details.push(
        `Polling with ${clients} clients: ${spreadText(result.measured, count)} per second, ${ms(result.cpuMs!)} of Node CPU each; ` +
          `with constant rows ${spreadText(result.reference, count)} per second, ${ms(result.referenceCpuMs!)}. ` +
          `PostgreSQL CPU: ${ms(result.postgresMs!)} and ${ms(result.referencePostgresMs!)}. Against itself: ${spreadText(result.same)}.`,
      );
      const same = await compare(
        run.protocol,
        sideOf(run, service, { clients, operation: unchanged }),
        sideOf(run, constant, { clients, operation }),
      );
      bars.push({
        what: `a 304, c = ${clients}`,
        against: 'an answer of the same service with a constant row loader',
        bar: '>= 2.00',
        measured:
          spreadText(same.ratio) + (same.isVoid ? `, void: against itself ${spreadText(same.same)}` : ''),
        isMet: same.isVoid ? undefined : same.ratio.median >= 2,
        reason: 'what a request costs before GraphQL is entered, see below',
      });
      details.push(
        `A 304 with ${clients} clients: ${spreadText(same.measured, count)} per second, ${ms(same.cpuMs!)} of Node CPU each; ` +
          `answers with constant rows ${spreadText(same.reference, count)} per second, ${ms(same.referenceCpuMs!)}. ` +
          `PostgreSQL CPU: ${ms(same.postgresMs!)} and ${ms(same.referencePostgresMs!)}. Against itself: ${spreadText(same.same)}.`,
      );
    }
    return { bars, details: details.join('\n\n') };
  } finally {
    await Promise.all([service.stop(), constant.stop()]);
  }
}

/** The tag of the present answer. */
async function tagOf(service: Service, refundId: string): Promise<string> {
  const headers = { authorization: `Bearer ${apiKey}`, accept: 'application/json' };
  const answer = await fetch(service.url + pathOf(refundId), { headers });
  const tag = answer.headers.get('etag');
  if (tag === null) throw new Error(`an answer without a tag: ${await answer.text()}`);
  return tag;
}

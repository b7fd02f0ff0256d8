import type { TraceReference } from '../../../src/vocabulary.ts';
import { SUCCEEDED, type Scenario } from '../scenario.ts';

const withTrace = (kind: TraceReference['kind']): Scenario => ({
  name: `trace reference ${kind}`,
  needs: `traceReferences.${kind}`,
  expects: { ends: [SUCCEEDED], seen: [`${kind} AVAILABLE`], effects: 1, returned: 'part' },
  async does(s) {
    const refund = await s.refund(await s.payment(s.subject.traces?.[kind] ?? {}));
    await s.untilEnded();
    await s.later(2 * 86_400);
    const { traceReferences } = await s.syncRefund(refund!.id);
    for (const trace of traceReferences) if (trace.kind === kind) s.see(`${trace.kind} ${trace.availability}`);
  },
});

export const traces: readonly Scenario[] = [
  withTrace('ARN'),
  withTrace('RRN'),
  withTrace('UTR'),
  withTrace('OTHER'),
  {
    name: 'a trace reference comes after the end',
    needs: 'lateTraceReferences',
    expects: { ends: [SUCCEEDED], seen: ['NOT_YET', 'AVAILABLE'], effects: 1, returned: 'part' },
    async does(s) {
      const refund = await s.refund(await s.payment());
      await s.untilEnded();
      const [before] = await s.refunds();
      s.see(before!.traceReferences[0]!.availability);
      await s.later(2 * 86_400);
      s.see((await s.syncRefund(refund!.id)).traceReferences[0]!.availability);
    },
  },
];

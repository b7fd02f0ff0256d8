import type { TraceReference } from '../../../src/vocabulary.ts';
import type { RefundView } from '../documents.ts';
import { Untried } from '../observed.ts';
import { SUCCEEDED, type Scenario } from '../scenario.ts';

const withTrace = (kind: TraceReference['kind']): Scenario => ({
  name: `trace reference ${kind}`,
  needs: `traceReferences.${kind}`,
  expects: { ends: [SUCCEEDED], seen: [`${kind} AVAILABLE`], effects: 1, returned: 'part' },
  async does(s) {
    const made = s.subject.traces?.[kind];
    if (made === undefined) throw new Untried(`no refund of the sandbox gets an ${kind}`);
    if (s.subject.tracesBySettling) await s.mode('pending');
    const refund = await s.refund(await s.payment(made));
    if (s.subject.tracesBySettling) await s.settle('succeeded', { trace: { kind: kind.toLowerCase() } });
    await s.untilEnded();
    await s.later(2 * 86_400);
    const { traceReferences } = await s.syncRefund(refund!.id);
    for (const trace of traceReferences)
      if (trace.kind === kind) s.see(`${trace.kind} ${trace.availability}`);
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
    expects: { ends: [SUCCEEDED], seen: ['not yet', 'later'], effects: 1, returned: 'part' },
    async does(s) {
      const refund = await s.refund(await s.payment());
      await s.untilEnded();
      const isThere = ({ traceReferences }: RefundView) =>
        traceReferences.some(({ availability }) => availability === 'AVAILABLE');
      const [before] = await s.refunds();
      s.see(isThere(before!) ? 'at once' : 'not yet');
      await s.later(2 * 86_400);
      s.see(isThere(await s.syncRefund(refund!.id)) ? 'later' : 'never');
    },
  },
];

import { measureUnchanged } from './check-unchanged.ts';
import { measureFeed } from './check-feed.ts';
import type { Finding, Run } from './run.ts';

/** What pollers are spared must be nothing that they would have wanted to know. */
export async function measureSkipped(run: Run): Promise<Finding> {
  const findings = [await measureUnchanged(run), await measureFeed(run)];
  return {
    bars: findings.flatMap(({ bars }) => bars),
    details: findings.map(({ details }) => details).join('\n\n'),
  };
}

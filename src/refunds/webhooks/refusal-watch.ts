import type { Alerts } from '../../alerts.ts';
import type { Clock } from '../../clock.ts';
import type { AccountId } from '../../ids.ts';
import type { Connection } from '../../providers/connections.ts';
import type { WebhookRefusal } from '../../providers/webhook.ts';

/** Refused for so long, with none that was verified, they are a matter for the operator, in milliseconds. */
const refusedTooLongMs = 3_600_000;

/** Tells forgeries, which come and go, from a secret that is wrong: then no delivery is verified any more. */
export interface RefusalWatch {
  refused(connection: Connection, reason: WebhookRefusal): void;
  verified(connection: Connection): void;
}

interface Refusing {
  readonly sinceMs: number;
  isTold: boolean;
}

/** Raises WEBHOOKS_REFUSED once each time that it begins. Remembers one entry per account, in this process. */
export function createRefusalWatch({ alerts, clock }: { alerts: Alerts; clock: Clock }): RefusalWatch {
  const refusing = new Map<AccountId, Refusing>();
  return {
    refused({ accountId, accountCode }, reason) {
      const nowMs = clock.now().getTime();
      const begun = refusing.get(accountId);
      if (begun === undefined) refusing.set(accountId, { sinceMs: nowMs, isTold: false });
      else if (!begun.isTold && nowMs - begun.sinceMs >= refusedTooLongMs) {
        begun.isTold = true;
        alerts.raise('WEBHOOKS_REFUSED', { account: accountCode, reason });
      }
    },
    verified: ({ accountId }) => void refusing.delete(accountId),
  };
}

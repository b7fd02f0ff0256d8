import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { RETURNED } from '../support/invariants.ts';
import type { LedgerPayment } from '../support/world.ts';
import type { Merchant } from './accounts.ts';
import { documents, post, READ_PAYMENT, type Payload } from './api.ts';
import { providerOf, traits } from './providers.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';
import { decimal } from './wish.ts';

/** A leg that waits for a person. */
export interface Waiting {
  readonly leg_id: string;
  readonly refund_id: string;
  readonly version: number;
  readonly merchant: Merchant;
  readonly payment: string;
  readonly amount_minor: bigint;
  readonly currency: string;
  /** Of the provider's refund that is known to be this one. */
  readonly provider_refund_id: string | null;
  /** Under which a provider that knows keys has it. */
  readonly provider_key: string | null;
  readonly now: Date;
}

/** What the provider's cabinet shows of a leg; undefined: that has not ended there. */
export type Finding = { readonly kind: 'returned'; readonly id: string } | { readonly kind: 'notReturned' };

/** What came of one round of looking. */
export interface Round {
  /** Verdicts that were taken. */
  readonly taken: number;
  /** Until the earliest of those that came too early may be given, by the database's time; null: none did. */
  readonly againInSeconds: number | null;
  /** What may be decided in the next round; not what stays with a person, as the provider's words contradict each other. */
  readonly left: readonly string[];
}

/**
 * A person who looks into the provider's cabinet, which is the sandbox's ledger, and decides with `resolveRefund` what
 * waits for that. Without a key at the provider (RoboKassa) nothing else ends a refund whose answer was lost.
 */
export class Person {
  /** Verdicts by kind, and refusals by code. */
  readonly counts = new Map<string, number>();
  readonly #stage: Stage;
  readonly #random: Random;
  /** Which refund there was found to be which leg's: no other leg gets it, also when the answer to a verdict is lost. */
  readonly #found = new Map<string, string>();

  /** Of which legs the refund there is named, and of which it is only said that it happened; each time the same. */
  readonly #names = new Map<string, boolean>();
  /** Until when which verdict on which leg is refused. */
  readonly #tooEarlyUntil = new Map<string, Date>();
  /** Legs of which the provider was asked after a verdict was refused. */
  readonly #asked = new Set<string>();

  constructor(stage: Stage, random: Random) {
    this.#stage = stage;
    this.#random = random;
  }

  /** Looks again and again until the signal. */
  async work(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await this.decide().catch(() => undefined);
      await sleep(2_000, undefined, { signal: until }).catch(() => undefined);
    }
  }

  /**
   * Asks for every payment at providers that list refunds of one payment only (Yandex Pay): there nobody else finds a
   * refund of the console whose webhook was lost.
   */
  async askForPayments(): Promise<void> {
    const { db, urls, callers } = this.#stage;
    const { rows } = await sql<{ account: string; merchant: Merchant; payment: string }>`
      SELECT account.code AS account, merchant.code AS merchant, provider_payment_id AS payment
        FROM payments JOIN accounts AS account ON account.id = payments.account_id
          JOIN merchants AS merchant ON merchant.id = account.merchant_id`.execute(db);
    for (const { account, merchant, payment } of rows) {
      if (traits[providerOf(account)].capabilities.listByTime) continue;
      const by = { provider: { account, paymentId: payment } };
      await post(this.#random.pick(urls), callers[merchant], READ_PAYMENT, { by });
    }
  }

  /** Looks once at everything that waits for a person. Rejects while the database or the sandbox is away. */
  async decide(): Promise<Round> {
    const waiting = await this.#waiting();
    if (waiting.length === 0) return { taken: 0, againInSeconds: null, left: [] };
    const { payments } = await this.#stage.control<{ payments: LedgerPayment[] }>('ledger');
    const books = new Map(payments.map((payment) => [payment.reference, payment]));
    const named = await this.#namedIds();
    let taken = 0;
    const early: number[] = [];
    const left: string[] = [];
    for (const leg of waiting) {
      const owned = new Set([...named, ...this.#found.values()]);
      const finding = findingOf(leg, books.get(leg.payment), owned, this.#found.get(leg.leg_id));
      const said = finding === undefined ? 'not ended there' : await this.#sayInTime(leg, finding);
      if (said === undefined) taken += 1;
      else if (typeof said === 'number') early.push(said);
      else if (!FOR_GOOD.has(said) || !this.#asked.has(leg.leg_id)) left.push(`leg ${leg.leg_id}: ${said}`);
      if (typeof said === 'string' && FOR_GOOD.has(said)) await this.#sync(leg);
    }
    return { taken, againInSeconds: early.length === 0 ? null : Math.min(...early), left };
  }

  /** As `#say`, but what is known to come too early is not said. @returns seconds to wait in place of an instant */
  async #sayInTime(leg: Waiting, finding: Finding): Promise<number | string | undefined> {
    const untilThen = (at: Date): number => Math.ceil((at.getTime() - leg.now.getTime()) / 1000);
    const name = `${leg.leg_id} ${finding.kind}`;
    const at = this.#tooEarlyUntil.get(name);
    if (at !== undefined && untilThen(at) > 0) return untilThen(at);
    const said = await this.#say(leg, finding);
    if (!(said instanceof Date)) return said;
    this.#tooEarlyUntil.set(name, said);
    return Math.max(1, untilThen(said));
  }

  /** @returns undefined when the verdict was taken, from when on it may be given, or why it was not taken */
  async #say(leg: Waiting, finding: Finding): Promise<Date | string | undefined> {
    if (finding.kind === 'returned') this.#found.set(leg.leg_id, finding.id);
    const amount = { value: decimal(Number(leg.amount_minor)), currency: leg.currency };
    // An id that is known has to be named; where none is, saying so is taken, too.
    if (!this.#names.has(leg.leg_id)) this.#names.set(leg.leg_id, this.#random.chance(0.5));
    const isNamed = leg.provider_refund_id !== null || this.#names.get(leg.leg_id) === true;
    const id =
      isNamed && finding.kind === 'returned' ? { providerRefundId: finding.id } : { noProviderId: true };
    const at = { leg: encodeGlobalId('RefundLeg', leg.leg_id) };
    const verdict =
      finding.kind === 'returned' ? { returned: { amount, ...id, ...at } } : { notReturned: at };
    const input = {
      refund: encodeGlobalId('Refund', leg.refund_id),
      expectedVersion: leg.version,
      verdict,
      evidence: 'As the books of the provider have it.',
    };
    const { urls, callers } = this.#stage;
    const caller = callers[leg.merchant];
    const told = await post<Payload>(this.#random.pick(urls), caller, documents.resolveRefund, { input });
    const it = typeof told === 'string' ? undefined : told.data?.it;
    if (it === undefined || it === null) return 'no answer';
    const [error] = it.errors;
    this.#count(error === undefined ? finding.kind : `refused ${error.code}`);
    if (error === undefined) return undefined;
    return typeof error.resolvableAt === 'string' ? new Date(error.resolvableAt) : error.code;
  }

  /** Lets the provider be asked once more: what is known here may be older than the books. */
  async #sync({ leg_id, refund_id, merchant }: Waiting): Promise<void> {
    const { urls, callers } = this.#stage;
    const input = { refund: encodeGlobalId('Refund', refund_id), waitMs: 2_000 };
    const told = await post(this.#random.pick(urls), callers[merchant], documents.syncRefund, { input });
    if (typeof told !== 'string') this.#asked.add(leg_id);
  }

  async #waiting(): Promise<Waiting[]> {
    const { rows } = await sql<Waiting>`
      SELECT leg.id AS leg_id, leg.refund_id, refund.version, merchant.code AS merchant, leg.amount_minor,
          refund.currency, payment.provider_payment_id AS payment, leg.provider_refund_id, attempt.provider_key,
          app_now() AS now
        FROM refund_legs AS leg JOIN refunds AS refund ON refund.id = leg.refund_id
          JOIN payments AS payment ON payment.id = leg.payment_id
          JOIN merchants AS merchant ON merchant.id = refund.merchant_id
          LEFT JOIN leg_attempts AS attempt ON attempt.leg_id = leg.id AND attempt.attempt = leg.attempt
        WHERE leg.status = 'MANUAL_REVIEW'`.execute(this.#stage.db);
    return rows;
  }

  async #namedIds(): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      SELECT provider_refund_id AS id FROM refund_legs WHERE provider_refund_id IS NOT NULL`.execute(
      this.#stage.db,
    );
    return rows.map(({ id }) => id);
  }

  #count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

/** Refusals that mean: not as things are known now. */
const FOR_GOOD: ReadonlySet<string> = new Set(['NOT_RESOLVABLE', 'INVALID_INPUT']);

/**
 * What the books say of a leg: its own refund where that is known by id or by key, else one of the same amount that is
 * nobody's.
 *
 * @param owned the ids of refunds that other legs have
 * @param found which one was found before
 */
export function findingOf(
  leg: Pick<Waiting, 'amount_minor' | 'provider_refund_id' | 'provider_key'>,
  books: LedgerPayment | undefined,
  owned: ReadonlySet<string>,
  found?: string,
): Finding | undefined {
  const refunds = (books?.refunds ?? []).filter(({ origin }) => origin === 'api');
  const known = leg.provider_refund_id ?? found;
  const mine = refunds.filter(({ id, providerKey, amountMinor }) => {
    if (known !== undefined) return id === known;
    if (providerKey !== null) return providerKey === leg.provider_key;
    return !owned.has(id) && BigInt(amountMinor) === leg.amount_minor;
  });
  const [returned] = mine.filter(({ status }) => RETURNED.has(status));
  if (returned !== undefined) return { kind: 'returned', id: returned.id };
  const isOpen = mine.some(({ status }) => !ENDED.has(status));
  return isOpen ? undefined : { kind: 'notReturned' };
}

/** How providers call a refund that returned nothing and never will. */
const ENDED: ReadonlySet<string> = new Set(['canceled', 'failed', 'FAIL']);

import type { Failure } from '../../errors.ts';
import { failure } from '../failure.ts';
import type { AccountAccess, Look } from '../provider.ts';
import { readAs } from '../read-json.ts';
import type { z } from 'zod';
import { authorization, type YandexPayCredentials } from './credentials.ts';
import { readFailure } from './errors.ts';
import type { YandexPayOptions } from './options.ts';
import {
  isOrderId,
  wireOperationAnswer,
  wireOrderAnswer,
  type WireOperation,
  type WireOrder,
} from './wire.ts';

export type Access = AccountAccess<YandexPayCredentials, YandexPayOptions>;

/**
 * `GET /v1/orders/{id}`: the order with all its operations, by the merchant's own id. An order of another merchant or in
 * another currency than the account is configured for is `unavailable`: nothing may be concluded from its amounts.
 */
export async function readOrder(access: Access, orderId: string): Promise<Look<WireOrder>> {
  // No such order of ours exists there, and it must not enter a URL.
  if (!isOrderId(orderId)) return { kind: 'absent' };
  const look = await read(
    access,
    `/v1/orders/${encodeURIComponent(orderId)}`,
    wireOrderAnswer,
    (order) =>
      order.orderId === orderId && order.operations.every((operation) => operation.orderId === orderId),
  );
  const objection = look.kind === 'found' ? objectionTo(look.value, access) : undefined;
  return objection === undefined ? look : { kind: 'unavailable', failure: objection };
}

/** `GET /v1/operations/{id}`, by our external id: the provider's own is not looked up. */
export function readOperation(access: Access, externalId: string): Promise<Look<WireOperation>> {
  const path = `/v1/operations/${encodeURIComponent(externalId)}`;
  return read(
    access,
    path,
    wireOperationAnswer,
    ({ externalOperationId }) => externalOperationId === externalId,
  );
}

async function read<T>(
  access: Access,
  path: string,
  schema: z.ZodType<T>,
  wanted: (value: T) => boolean,
): Promise<Look<T>> {
  const request = { method: 'GET', path, headers: {}, body: null } as const;
  const result = await access.http.read(request, authorization(access.credentials));
  // What a 404 says besides is not documented.
  if (result.kind === 'answer' && result.status === 404) return { kind: 'absent' };
  const value = result.kind === 'answer' && result.status === 200 ? readAs(schema, result.text) : undefined;
  if (value !== undefined && wanted(value)) return { kind: 'found', value };
  return { kind: 'unavailable', failure: readFailure(result) };
}

function objectionTo({ merchantId, currencyCode }: WireOrder, access: Access): Failure | undefined {
  const { currency } = access.options;
  if (merchantId !== access.credentials.merchantId) {
    const message = 'The key of this account shows orders of another Merchant ID than is configured.';
    return failure('AUTHENTICATION_FAILED', 'ASK_A_HUMAN', message);
  }
  if (currencyCode !== currency) {
    const message = `The order is in ${currencyCode}, and the account is configured for ${currency}.`;
    return failure('CURRENCY_MISMATCH', 'ASK_A_HUMAN', message);
  }
  return undefined;
}

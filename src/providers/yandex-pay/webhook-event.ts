import { z } from 'zod';
import { readAs } from '../read-json.ts';
import { aboutPayment, aboutRefund } from '../webhook-subject.ts';
import type { WebhookMessage, WebhookRefusal } from '../webhook.ts';
import { isOrderId } from './wire.ts';

/** `order.paymentStatus` has changed. */
const ORDER = 'ORDER_STATUS_UPDATED';
/** A capture, a refund or a cancel has ended, well or not. */
const OPERATION = 'OPERATION_STATUS_UPDATED';

/** A subscription's own event is acknowledged and forgotten. */
export const events: readonly string[] = [ORDER, OPERATION];

const word = z.string().regex(/^[!-~]{1,64}$/);
const id = z.string().regex(/^[!-~]{1,128}$/);

const wireEvent = z.object({ merchantId: z.string(), event: z.string() });
const wireOrderEvent = z.object({
  eventTime: word,
  order: z.object({ orderId: z.string(), paymentStatus: word.nullish() }),
});
const wireOperationEvent = z.object({
  operation: z.object({
    operationId: id,
    externalOperationId: z.string().nullish(),
    operationType: word,
    orderId: z.string(),
    status: word,
  }),
});

/**
 * What the payload of a verified token tells (pay.yandex.ru/docs, "Merchant API", webhook), or why it is of no use: a
 * refund is told twice, by its operation and by its order, and neither tells an amount.
 */
export function messagesOf(payload: string, merchantId: string): readonly WebhookMessage[] | WebhookRefusal {
  const read = readAs(wireEvent, payload);
  if (read === undefined) return 'MALFORMED';
  if (read.merchantId !== merchantId) return 'FOREIGN';
  if (read.event === ORDER) return orderMessages(payload);
  return read.event === OPERATION ? operationMessages(payload) : [];
}

function orderMessages(payload: string): readonly WebhookMessage[] | WebhookRefusal {
  const read = readAs(wireOrderEvent, payload);
  if (read === undefined) return 'MALFORMED';
  const { order, eventTime } = read;
  // An order with another id can be none of ours.
  if (!isOrderId(order.orderId)) return [];
  const status = order.paymentStatus ?? 'null';
  return [
    {
      event: ORDER,
      deduplicationKey: `order ${order.orderId} ${status} ${eventTime}`,
      subject: aboutPayment(order.orderId),
    },
  ];
}

function operationMessages(payload: string): readonly WebhookMessage[] | WebhookRefusal {
  const read = readAs(wireOperationEvent, payload);
  if (read === undefined) return 'MALFORMED';
  const { operationId, externalOperationId, operationType, orderId, status } = read.operation;
  if (!isOrderId(orderId)) return [];
  return [
    {
      event: OPERATION,
      deduplicationKey: `operation ${operationId} ${status}`,
      subject:
        operationType === 'REFUND'
          ? aboutRefund(operationId, orderId, externalOperationId ?? null)
          : aboutPayment(orderId),
    },
  ];
}

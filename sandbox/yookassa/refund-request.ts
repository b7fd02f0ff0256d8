import { isObject } from '../json.ts';
import { parseMinor } from '../money.ts';
import { invalid } from './api-error.ts';
import { parseReceipt, type Receipt } from './receipt.ts';
import { CURRENCIES, EXPONENT } from './records.ts';

/** An amount in minor units of a currency of the enum. */
export interface Amount {
  minor: bigint;
  currency: string;
}

export interface RequestedSource {
  accountId: string;
  amount: Amount;
  fee: Amount | undefined;
}

/** A well-formed body of `POST /refunds`; nothing of it was compared with the payment yet. */
export interface RefundRequest {
  paymentId: string;
  amount: Amount;
  description?: string | undefined;
  metadata?: Record<string, string> | undefined;
  receipt?: Receipt | undefined;
  source?: RequestedSource | undefined;
  hasRefundMethodData: boolean;
}

type Json = Record<string, unknown>;

const ID_LENGTH = 36;
const DESCRIPTION_LIMIT = 250;
const METADATA_KEYS = 16;
const METADATA_KEY_LENGTH = 32;
const METADATA_VALUE_LENGTH = 512;

/** Reads a request body; unknown fields are ignored. Throws the 400 of the first field that is malformed. */
export function parseRefundRequest(body: Json, maxReceiptItems: number): RefundRequest {
  const paymentId = body['payment_id'];
  if (typeof paymentId !== 'string' || paymentId.length !== ID_LENGTH)
    throw invalid('paymentIdFormat', 'payment_id');
  const amount = parseAmount(body['amount'], 'amount');
  const { description, metadata, receipt, sources } = body;
  if (
    description !== undefined &&
    (typeof description !== 'string' || description.length > DESCRIPTION_LIMIT)
  ) {
    throw invalid('descriptionLength', 'description');
  }
  if (body['deal'] !== undefined) throw invalid('dealUnknown', 'deal');
  return {
    paymentId,
    amount,
    description,
    metadata: metadata === undefined ? undefined : parseMetadata(metadata),
    receipt: receipt === undefined ? undefined : parseReceipt(receipt, maxReceiptItems),
    source: sources === undefined ? undefined : parseSources(sources),
    hasRefundMethodData: body['refund_method_data'] !== undefined,
  };
}

/** A `MonetaryAmount`: `value` a string with exactly two decimals, `currency` one of the enum. Throws 400. */
export function parseAmount(value: unknown, parameter: string): Amount {
  if (!isObject(value)) throw invalid('amountFormat', parameter);
  const text = value['value'];
  const minor = typeof text === 'string' && /\.\d\d$/.test(text) ? parseMinor(text, EXPONENT) : undefined;
  if (minor === undefined) throw invalid('amountFormat', `${parameter}.value`);
  const currency = value['currency'];
  if (typeof currency !== 'string' || !CURRENCIES.has(currency)) {
    throw invalid('currencyMismatch', `${parameter}.currency`);
  }
  return { minor, currency };
}

function parseMetadata(value: unknown): Record<string, string> {
  if (!isObject(value)) throw invalid('metadataInvalid', 'metadata');
  const entries = Object.entries(value);
  if (entries.length > METADATA_KEYS) throw invalid('metadataInvalid', 'metadata');
  return Object.fromEntries(
    entries.map(([key, text]): [string, string] => {
      if (
        key.length > METADATA_KEY_LENGTH ||
        typeof text !== 'string' ||
        text.length > METADATA_VALUE_LENGTH
      ) {
        throw invalid('metadataInvalid', 'metadata');
      }
      return [key, text];
    }),
  );
}

// The array has exactly one element: the present limit of the specification (RefundSourcesData).
function parseSources(value: unknown): RequestedSource {
  const source: unknown = Array.isArray(value) && value.length === 1 ? value[0] : undefined;
  if (!isObject(source)) throw invalid('sourcesInvalid', 'sources');
  const accountId = source['account_id'];
  if (typeof accountId !== 'string') throw invalid('sourcesInvalid', 'sources.account_id');
  const fee = source['platform_fee_amount'];
  return {
    accountId,
    amount: parseAmount(source['amount'], 'sources.amount'),
    fee: fee === undefined ? undefined : parseAmount(fee, 'sources.platform_fee_amount'),
  };
}

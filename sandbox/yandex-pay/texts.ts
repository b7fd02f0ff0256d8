interface Refusal {
  status: number;
  /** `reasonCode` of the answer. */
  code: string;
  text: string;
}

const own = (text: string, status = 400, code = 'BAD_REQUEST'): Refusal => ({ status, code, text });

/**
 * Every refusal. Two reason codes are documented, `ANOTHER_OPERATION_IN_PROGRESS` (docs order/merchant_v2_refund-post) and
 * `DUPLICATE_EXTERNAL_OPERATION_ID` (without its HTTP status), and one text, `Cart total amount mismatch` (docs
 * custom/external-amount). All else is this simulator's own wording and coding: `POST /control/mode` replaces any of it, so
 * that a test can prove that a client does not depend on it.
 */
export const REFUSALS = {
  amountExceeds: own('Refund amount exceeds order amount'),
  amountInvalid: own('Amount must be a decimal with at most two decimals and more than zero'),
  amountMinimum: own('Refund amount is less than the minimum'),
  amountRemainder: own('Order amount after the refund is less than the minimum'),
  anotherOperation: own('Another operation in progress', 409, 'ANOTHER_OPERATION_IN_PROGRESS'),
  bodyInvalid: own('Request body is not a JSON object'),
  cancelReason: own('Reason is required'),
  captureAmount: own('Order amount exceeds the authorized amount'),
  cartMismatch: own('Cart total amount mismatch'),
  cartsBoth: own('Only one of targetCart and refundCart can be given'),
  externalIdFinished: own(
    'External operation id has been used already',
    409,
    'DUPLICATE_EXTERNAL_OPERATION_ID',
  ),
  externalIdInvalid: own('External operation id must be a text of at most 2048 characters'),
  externalIdOther: own('Operation with this external operation id has other arguments'),
  fieldInvalid: own('Field is not valid'),
  forbidden: own('Access denied', 403, 'ACCESS_DENIED'),
  forced: own('The request was refused'),
  internal: own('Internal server error', 500, 'INTERNAL_ERROR'),
  itemsInvalid: own('Cart items are not valid'),
  notDivisible: own('Amount cannot be divided by the quantity of goods'),
  notSimulated: own('This field is not supported'),
  operationUnknown: own('Operation not found', 404, 'NOT_FOUND'),
  orderUnknown: own('Order not found', 404, 'NOT_FOUND'),
  pathUnknown: own('Not found', 404, 'NOT_FOUND'),
  priceRaised: own('Price must not be higher than the present price'),
  productTwice: own('Product is named twice'),
  productUnknown: own('Product is not in the cart'),
  quantityExceeds: own('Quantity exceeds the quantity in the cart'),
  quantityInvalid: own('Quantity must be a decimal with at most two decimals'),
  requestIdReused: own('Request id was used for another request'),
  statusWrong: own('Operation is not allowed in the present status of the order'),
  tooManyRequests: own('Too many requests', 429, 'TOO_MANY_REQUESTS'),
  unauthorized: own('Authorization failed', 401, 'AUTHORIZATION_FAILED'),
} as const satisfies Record<string, Refusal>;

export type TextKey = keyof typeof REFUSALS;

export const TEXT_KEYS = Object.keys(REFUSALS) as TextKey[];

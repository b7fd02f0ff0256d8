const quantityPattern = /^(?:0|[1-9]\d{0,8})(?:\.\d{1,3})?$/;

/** A decimal above zero, below 10^9 and with at most three digits after the point. */
export const isQuantity = (text: string): boolean => quantityPattern.test(text) && /[1-9]/.test(text);

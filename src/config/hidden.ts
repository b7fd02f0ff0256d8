import { inspect } from 'node:util';

const PRINTED = '[hidden]';

/**
 * Makes an object whose `secrets` can be read by name but are seen by no printer: not by `console.log`, `util.inspect`,
 * `JSON.stringify` or a logger, and not by a spread or `Object.entries` that feeds one. Secret objects inside are
 * hidden the same way. What is visible prints as usual, and every secret prints as `[hidden]`.
 */
export function withHidden<Visible extends object, Secrets extends object>(
  visible: Visible,
  secrets: Secrets,
): Visible & Secrets {
  const printed = { ...visible, ...Object.fromEntries(Object.keys(secrets).map((name) => [name, PRINTED])) };
  const hidden = Object.entries(secrets).map(([name, value]) => [name, hide(hideInside(value))] as const);
  return Object.defineProperties({ ...visible } as Visible & Secrets, {
    ...Object.fromEntries(hidden),
    toJSON: hide(() => printed),
    [inspect.custom]: hide(() => printed),
  });
}

function hide(value: unknown): PropertyDescriptor {
  return { value, enumerable: false, writable: false, configurable: false };
}

function hideInside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideInside);
  const isPlainObject =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlainObject ? withHidden({}, value) : value;
}

import { isWithin, type Path } from './path.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  readonly document: unknown;
  /** Whether a value at or below this path could not be filled in; what else is wrong there is a consequence. */
  readonly isUnresolved: (path: Path) => boolean;
}

const REFERENCE = /(\$?)\$\{([^}]*)(\}?)/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Puts environment variables into the string values of a JSON document: `${NAME}` anywhere in a value, `$${` for a
 * literal `${`. Keys are left alone, and what a variable holds is not looked at again. A variable that is absent or
 * empty is reported, because an empty secret is never meant.
 */
export function substitute(
  document: unknown,
  env: Environment,
  report: (path: Path, message: string) => void,
): Substituted {
  const unresolved: Path[] = [];

  const inText = (text: string, path: Path): string =>
    text.replace(REFERENCE, (whole, escape: string, name: string, end: string) => {
      if (escape !== '') return whole.slice(1);
      const value = env[name];
      if (end !== '' && NAME.test(name) && value !== undefined && value !== '') return value;
      unresolved.push(path);
      report(path, end !== '' && NAME.test(name) ? unset(name) : MALFORMED);
      return whole;
    });

  const walk = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return inText(value, path);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
  };

  const filled = walk(document, []);
  return { document: filled, isUnresolved: (path) => unresolved.some((place) => isWithin(place, path)) };
}

const unset = (name: string) => `needs the environment variable ${name}, which is unset or empty`;

// The text between the braces is not repeated: whoever forgot to name a variable may have pasted its value.
const MALFORMED = 'has "${" without a variable name and "}" after it; for a literal "${" write "$${"';

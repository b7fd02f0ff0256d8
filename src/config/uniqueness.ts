import type { ReportAt } from './issues.ts';
import { isRecord, type Path, printPath } from './path.ts';

/** An object of the document and where it stands. */
export interface Part {
  readonly path: Path;
  readonly value: Readonly<Record<PropertyKey, unknown>>;
}

/** The objects of a list inside a part; what is no list or no object is the business of the schema. */
export function partsOf(parent: Part, key: string): Part[] {
  const list = parent.value[key];
  if (!Array.isArray(list)) return [];
  return list.flatMap((value: unknown, index) =>
    isRecord(value) ? [{ path: [...parent.path, key, index], value }] : [],
  );
}

/** Reports every text that an earlier part has at the same key, naming that part and the rule. */
export function reportRepeated(parts: readonly Part[], key: string, rule: string, report: ReportAt): void {
  const places = parts.map(({ path, value }) => ({ path: [...path, key], value: value[key] }));
  reportRepeatedValues(places, rule, report);
}

export function reportRepeatedValues(
  places: readonly { readonly path: Path; readonly value: unknown }[],
  rule: string,
  report: ReportAt,
): void {
  const first = new Map<string, Path>();
  for (const { path, value } of places) {
    if (typeof value !== 'string') continue;
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, path);
    else report(path, `is the same as ${printPath(earlier)}; ${rule}`);
  }
}

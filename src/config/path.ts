/** Where a value stands in a JSON document. */
export type Path = readonly PropertyKey[];

/** `merchants[0].accounts[1].code`; the document itself is "the file". */
export function printPath(path: Path): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return text === '' ? 'the file' : text.replace(/^\./, '');
}

/** Whether a place is the given one or somewhere below it. */
export function isWithin(place: Path, parent: Path): boolean {
  return parent.every((step, index) => step === place[index]);
}

/** The value at a path, or undefined where there is none. */
export function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (isRecord(value) ? value[step] : undefined), document);
}

/** An object or array whose parts can be looked at. */
export function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}

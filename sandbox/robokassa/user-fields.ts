/** What the shop gave along at checkout; it comes back in OpStateExt and, with `Shp_` before the name, in ResultURL. */
export const USER_FIELDS: readonly (readonly [name: string, value: string])[] = [['order', 'A-77']];

/** The user fields as request parameters, in alphabetical order of their names. */
export const SHP_FIELDS = USER_FIELDS.map(([name, value]) => [`Shp_${name}`, value] as const).toSorted(
  ([a], [b]) => (a < b ? -1 : 1),
);

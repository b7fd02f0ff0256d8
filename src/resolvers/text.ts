/**
 * Whether PostgreSQL can hold the text: it has no NUL, and JSON refuses half of a surrogate pair. What
 * cannot be stored is in no row, so a query answers it like anything else that does not exist.
 */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

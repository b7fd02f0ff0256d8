/** What the database layer needs of a logger; a pino logger fits. Fields never hold secrets, SQL parameters or row contents. */
export interface DatabaseLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** The commands of the command line; each returns the exit code. Loaded when asked for: `key` needs no database. */
export const commands = {
  serve: async () => (await import('./serve.ts')).serve(process.env),
  worker: async () => (await import('./worker.ts')).worker(process.env),
  migrate: async () => (await import('./migrate.ts')).migrate(process.env),
  restored: async (args) => (await import('./restored.ts')).restored(process.env, args),
  events: async (args) => (await import('./events.ts')).events(process.env, args),
  webhooks: async (args) => (await import('./webhooks.ts')).webhooks(process.env, args),
  schema: async () => {
    const { printSchema } = await import('../schema/print.ts');
    process.stdout.write(`${printSchema().trimEnd()}\n`);
    return 0;
  },
  key: async (args) => {
    const { printNewKey } = await import('../access/api-key.ts');
    process.stdout.write(printNewKey(args));
    return 0;
  },
} satisfies Record<string, (args: readonly string[]) => Promise<number>>;

export const isCommand = (name: string): name is keyof typeof commands => Object.hasOwn(commands, name);

export const USAGE = `Commands:
  serve                                           the service (default)
  worker                                          drives refunds, without taking requests
  migrate                                         brings the database to this release and ends
  restored [--status | --release PAYMENT_ID]      after a restore of the database: see docs/restore.md
  events endpoints | list | resend | enable       events that were sent: see docs/events.md
  webhooks [--base URL | --renew ACCOUNT]         where accounts take webhooks: see docs/webhooks.md
  schema                                          prints the GraphQL schema
  key --merchant CODE --name WHO --scopes LIST    makes an API key; LIST is of read, write and debug

The environment is described in docs/configuration.md.
`;

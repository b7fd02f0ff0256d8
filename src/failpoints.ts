/**
 * Named places in the production code where a fault test kills the process: `FAILPOINTS=name:kill,…`.
 * Without that variable each call is one comparison and nothing else.
 */
export const failpointNames = [
  'refund.before-intent',
  'refund.after-intent',
  'send.before-call',
  'send.after-call',
  'send.after-outcome',
  'send.after-transition',
  'engine.after-claim',
  'engine.before-release',
  'recover.after-look',
  'recover.before-replay',
  'recover.after-replay',
] as const;

export type FailpointName = (typeof failpointNames)[number];

const armed: ReadonlySet<string> | undefined = parse(process.env['FAILPOINTS']);

/** Kills this process with SIGKILL when the named point is armed. */
export function failpoint(name: FailpointName): void {
  if (armed?.has(name)) process.kill(process.pid, 'SIGKILL');
}

function parse(text: string | undefined): ReadonlySet<string> | undefined {
  if (!text) return undefined;
  const names = text.split(',').map((entry) => {
    const [name, action] = entry.split(':');
    if (action !== 'kill' || !failpointNames.some((known) => known === name))
      throw new Error(`FAILPOINTS: "${entry}" is not one of ${failpointNames.join(', ')} followed by :kill`);
    return name!;
  });
  return new Set(names);
}

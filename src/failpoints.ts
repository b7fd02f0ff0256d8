/**
 * Named places in the production code where a fault test kills the process (`FAILPOINTS=name:kill,…`), or stops it
 * once, until somebody wakes it up (`name:stop`). Without that variable each call is one comparison and nothing else.
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
  'void.after-intent',
  'void.after-call',
  'events.after-claim',
  'events.after-answer',
  'webhook.after-store',
] as const;

export type FailpointName = (typeof failpointNames)[number];

const armed: Map<string, string> | undefined = parse(process.env['FAILPOINTS']);

/** Does with this process what the named point is armed for. */
export function failpoint(name: FailpointName): void {
  const action = armed?.get(name);
  if (action === undefined) return;
  if (action === 'stop') armed?.delete(name);
  process.kill(process.pid, action === 'stop' ? 'SIGSTOP' : 'SIGKILL');
}

function parse(text: string | undefined): Map<string, string> | undefined {
  if (!text) return undefined;
  const actions = text.split(',').map((entry): [string, string] => {
    const [name, action] = entry.split(':');
    if ((action !== 'kill' && action !== 'stop') || !failpointNames.some((known) => known === name))
      throw new Error(
        `FAILPOINTS: "${entry}" is not one of ${failpointNames.join(', ')} followed by :kill or :stop`,
      );
    return [name!, action];
  });
  return new Map(actions);
}

import { commands, isCommand, USAGE } from './commands/commands.ts';
import { describeError } from './commands/describe-error.ts';

/** `node src/main.ts [command]`: runs a command and ends with its exit code. Without one it serves. */
async function main(args: readonly string[]): Promise<number> {
  const [name = 'serve', ...rest] = args;
  if (!isCommand(name)) {
    process.stderr.write(`Unknown command "${name}".\n\n${USAGE}`);
    return 2;
  }
  try {
    return await commands[name](rest);
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));

/** One thing that is wrong with the configuration. Never holds a secret. */
export interface ConfigProblem {
  /** The variable, or the file's variable and the path in it: `ACCOUNTS_FILE: merchants[0].accounts[1].code`. */
  readonly where: string;
  /** What is wrong, and what to do about it. */
  readonly message: string;
}

/** The service must not start. Carries every problem that was found, so that one start shows them all. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super(
      [`The configuration has ${count}:`, ...problems.map((each) => `  ${each.where}: ${each.message}`)].join(
        '\n',
      ),
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Collects problems while the reading goes on with what is left. */
export type Report = (where: string, message: string) => void;

/** Runs a reader and throws one ConfigError when it reported anything. */
export function allOrNothing<Result>(read: (report: Report) => Result): Result {
  const problems: ConfigProblem[] = [];
  const result = read((where, message) => problems.push({ where, message }));
  if (problems.length > 0) throw new ConfigError(problems);
  return result;
}

import type { Spread } from './alternate.ts';
import type { Bar } from './run.ts';

export const count = (value: number): string => Math.round(value).toString();
export const ratio = (value: number): string => value.toFixed(2);
export const ms = (value: number): string => `${value.toFixed(2)} ms`;

/** Median with the range. */
export const spreadText = ({ median, least, most }: Spread, show = ratio): string =>
  `${show(median)} (${show(least)} to ${show(most)})`;

export const numberedList = (lines: readonly string[]): string =>
  lines.map((line, index) => `${index + 1}. ${line}`).join('\n');

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Every bar, met or not, with the reason where it is not. */
export const barTable = (bars: readonly Bar[]): string =>
  table(
    ['what', 'against', 'bar', 'measured: median (range)', 'met', 'why not'],
    bars.map(({ what, against, bar, measured, isMet, reason }) => [
      what,
      against,
      bar,
      measured,
      isMet === undefined ? 'no figure' : isMet ? 'yes' : '**no**',
      isMet === true ? '' : reason,
    ]),
  );

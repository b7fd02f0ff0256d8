import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

let ticksPerSecond: number | undefined;

/** CPU time of a process so far, user and system, in milliseconds; in steps of 10 ms (proc(5), /proc/pid/stat). */
export function cpuMsOf(pid: number): number {
  const { utime, stime } = statOf(pid);
  return toMs(utime + stime);
}

/** CPU time of a process, of its children that live and of those that have ended, in milliseconds. */
export function familyCpuMsOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const { utime, stime, cutime, cstime } = statOf(pid);
  const living = children.map((child) => {
    try {
      return cpuMsOf(Number(child));
    } catch {
      // Ended in between: counted with the next look.
      return 0;
    }
  });
  return living.reduce((sum, cpuMs) => sum + cpuMs, toMs(utime + stime + cutime + cstime));
}

/** The process that started this one. */
export const parentOf = (pid: number): number => statOf(pid).ppid;

function statOf(pid: number) {
  // The name in parentheses may hold anything; after it comes the third field of the line.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ').map(Number);
  const at = (field: number): number => fields[field - 3] ?? Number.NaN;
  return { ppid: at(4), utime: at(14), stime: at(15), cutime: at(16), cstime: at(17) };
}

function toMs(ticks: number): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return (ticks * 1000) / ticksPerSecond;
}

/** Resident memory of a process, in megabytes (2^20). */
export function rssMbOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

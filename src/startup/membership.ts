/** Which of several processes of one service this is. */
export interface Membership {
  /** 1 to `of`. A process that takes the place of one that died has its number. */
  readonly number: number;
  readonly of: number;
}

/**
 * What a process may use of a limit that is given for all of them, in whole numbers: together they have exactly the
 * limit, unless there are more processes than that; then each has one.
 */
export const shareOfCount = (limit: number, { number, of }: Membership): number =>
  Math.max(1, Math.floor((limit + number - 1) / of));

/** What a process may use of a rate that is given for all of them. */
export const shareOfRate = (perSecond: number, { of }: Membership): number => perSecond / of;

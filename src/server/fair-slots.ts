/** The most that one of many may hold of what all share. */
const FAIR_SHARE = 3 / 4;

/** A number of places, of which no holder gets so many that nothing is left for the others. */
export interface FairSlots {
  /** False when there is no place, or none for this holder; otherwise `leave` must follow. */
  enter(holder: string): boolean;
  leave(holder: string): void;
}

/** `max` places, three quarters of them (rounded up) for one holder. */
export function createFairSlots(max: number): FairSlots {
  const maxOfOne = Math.ceil(max * FAIR_SHARE);
  /** Only of those who hold any: it does not grow with the number of holders ever seen. */
  const held = new Map<string, number>();
  let taken = 0;
  return {
    enter(holder) {
      const mine = held.get(holder) ?? 0;
      if (taken >= max || mine >= maxOfOne) return false;
      taken += 1;
      held.set(holder, mine + 1);
      return true;
    },
    leave(holder) {
      const mine = held.get(holder) ?? 0;
      taken -= 1;
      if (mine > 1) held.set(holder, mine - 1);
      else held.delete(holder);
    },
  };
}

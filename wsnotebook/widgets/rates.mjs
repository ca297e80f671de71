// Rates: frames per second of the last minute, counted from the totals that the kernel sends anyway.

export const SECONDS = 60;

const PLACE = { received: 0, sent: 1 };

export class Rates {
  #totals = null; // received and sent, when they were counted last
  #second = 0; // that the last place of the counts stands for
  #counts = [new Array(SECONDS).fill(0), new Array(SECONDS).fill(0)];

  /** Count what has come since the last call, at a time in milliseconds. Smaller totals are those of a new session. */
  add(now, received, sent) {
    const totals = [received, sent], before = this.#totals ?? totals;
    this.#advance(Math.floor(now / 1000));
    totals.forEach((total, place) => { this.#counts[place][SECONDS - 1] += total < before[place] ? total : total - before[place]; });
    this.#totals = totals;
  }

  #advance(second) {
    const passed = this.#totals === null ? 0 : Math.min(SECONDS, Math.max(0, second - this.#second));
    this.#second = second;
    for (const counts of this.#counts) counts.push(...counts.splice(0, passed).fill(0));
  }

  /** Frames of each second, the oldest first. The last one is not over yet. */
  of(direction) {
    return this.#counts[PLACE[direction]];
  }
}

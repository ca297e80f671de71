// FollowButtons: whether the rows follow the log, stand, or are paused; and how many frames came since.

import { button, put } from "./elements.mjs";
import { whole } from "./format.mjs";

/** `toggle()` is called to follow, or to stand; `onPaused()` when a person has paused the rows, or lets them go on. */
export class FollowButtons {
  #paused = null; // the end of the log when the view was paused
  #left = null; // the same when it stopped following
  #end = 0;

  constructor({ toggle, onPaused }) {
    this.pause = button("Pause", "Leave the rows as they are; frames are recorded all the same", () => {
      this.#paused = this.isPaused ? null : this.#end;
      onPaused();
    }, "wsn-chip wsn-pause");
    this.follow = button("Following", "Keep the newest frame in sight", toggle, "wsn-chip wsn-follow");
  }

  get isPaused() { return this.#paused !== null; }

  /** Show whether the rows follow, where the log ends with the frame before `end`. */
  show(isFollowing, end) {
    this.#end = end;
    this.#left = isFollowing ? null : this.#left ?? end;
    const since = (start) => (start === null || end === start ? "" : ` · ${whole(end - start)} new`);
    this.follow.setAttribute("aria-pressed", String(isFollowing));
    put(this.follow, isFollowing ? "Following" : `Follow${since(this.#left)}`);
    this.pause.setAttribute("aria-pressed", String(this.isPaused));
    put(this.pause, this.isPaused ? `Paused${since(this.#paused)}` : "Pause");
  }
}

// Pulse: whether the kernel behind a model is there, as far as a page can tell.

export const ALIVE = "alive";
export const QUIET = "quiet"; // nothing heard: busy with a cell, gone, or out of reach
export const GONE = "gone";

const PATIENCE = 1500; // ms without a word of a kernel that has to speak: a session's panel speaks twice a second
const LOOK = 250; // ms between two looks

export const WORDS = {
  [ALIVE]: "",
  [QUIET]: "The kernel has said nothing for a while: it is busy with a cell, gone, or out of reach. What stands here is the last that it said. If it was restarted, run the cells again.",
  [GONE]: "The kernel of this view is gone, and its sessions with it: it was restarted, or it died. What stands here is the last that it said. Run the cells again to connect anew.",
};

/** Follows the messages of a model. `mustSpeak()` tells whether the kernel would be heard within PATIENCE if it were there;
 *  `onChange(state)` is called with each new state. */
export class Pulse {
  #heard = Date.now();
  #isCut = false; // the front end has lost the comm, which never comes back
  #kernel; // the front end's connection to it, where it tells
  #shell; // "busy" or "idle": its main shell, on which cells and our loop run

  constructor(model, { mustSpeak, onChange }) {
    Object.assign(this, { model, mustSpeak, onChange });
    this.state = ALIVE;
    this.hear = () => { this.#heard = Date.now(); this.look(); };
    this.cut = () => { this.#isCut = true; this.look(); };
    model.on("change", this.hear);
    model.on("msg:custom", this.hear);
    model.on("comm_live_update", this.cut); // of Jupyter's widgets, fired when a kernel restarts or its comm is closed
    this.follow = (_, { header, content, parent_header: request }) => {
      // A subshell answers the requests of widgets while a cell is busy, and the kernel's status is then that of the subshell.
      if (header.msg_type === "status" && !request.subshell_id) this.#shell = content.execution_state;
    };
    this.#kernel = model.widget_manager?.kernel;
    this.#shell = this.#kernel?.status;
    this.#kernel?.iopubMessage?.connect(this.follow);
    this.timer = setInterval(() => this.look(), LOOK);
  }

  close() {
    clearInterval(this.timer);
    this.#kernel?.iopubMessage?.disconnect(this.follow);
    this.model.off("change", this.hear);
    this.model.off("msg:custom", this.hear);
    this.model.off("comm_live_update", this.cut);
  }

  look() {
    const state = this.#judge();
    if (state === this.state) return;
    this.state = state;
    this.onChange(state);
  }

  #judge() {
    if (this.#isCut) return GONE;
    if (!this.mustSpeak() || Date.now() - this.#heard < PATIENCE) return ALIVE;
    // An idle kernel runs our loop, and would be heard; where a front end does not tell, it may be busy.
    return this.#shell === "idle" ? GONE : QUIET;
  }
}

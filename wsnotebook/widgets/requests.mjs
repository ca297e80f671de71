// Requests: a view asks the kernel with a message {id, verb, …}, and each message gets one answer {id, ok, …}.

const PATIENCE = 2000; // ms until a question is asked again the first time

/** Sends requests and matches the answers to them by id; one for each view of a model. */
export class Requests {
  #waiting = new Map();
  #prefix = Math.random().toString(36).slice(2);
  #count = 0;

  constructor(model) {
    this.model = model;
    this.receive = (message, buffers) => {
      const waiting = this.#waiting.get(message?.id);
      if (!waiting) return; // meant for another view
      this.#waiting.delete(message.id);
      if (message.ok) waiting.resolve({ ...message, buffers });
      else waiting.reject(new Error(message.error));
    };
    model.on("msg:custom", this.receive);
  }

  /** Send a request; the promise is resolved with the answer's fields and `buffers`, or rejected with its error. */
  ask(verb, fields = {}) { return this.#send(this.#message(verb, fields)); }

  /** As ask(), of a verb that changes nothing: it is asked again, ever more seldom, until it is answered. A front end and a
   *  kernel may lose a message between them, as one to a subshell that has just ended. */
  read(verb, fields = {}) {
    const message = this.#message(verb, fields);
    this.#askAgain(message, PATIENCE);
    return this.#send(message);
  }

  #message(verb, fields) { return { id: `${this.#prefix}:${++this.#count}`, verb, ...fields }; }

  #send(message) {
    return new Promise((resolve, reject) => {
      this.#waiting.set(message.id, { resolve, reject });
      this.model.send(message);
    });
  }

  #askAgain(message, pause) {
    setTimeout(() => {
      const waiting = this.#waiting.get(message.id);
      if (!waiting) return; // answered, or the view is closed
      this.#askAgain(message, 2 * pause);
      try {
        this.model.send(message);
      } catch (error) { // the front end has given the comm up
        this.#waiting.delete(message.id);
        waiting.reject(error);
      }
    }, pause);
  }

  close() {
    this.model.off("msg:custom", this.receive);
    this.#waiting.clear();
  }
}

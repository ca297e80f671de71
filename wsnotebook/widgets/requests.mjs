// Requests: a view asks the kernel with a message {id, verb, …}, and each message gets one answer {id, ok, …}.

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
  ask(verb, fields = {}) {
    const id = `${this.#prefix}:${++this.#count}`;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.model.send({ id, verb, ...fields });
    });
  }

  close() {
    this.model.off("msg:custom", this.receive);
    this.#waiting.clear();
  }
}

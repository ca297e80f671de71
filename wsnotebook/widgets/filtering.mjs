// Filtering: which rows a table shows: all of the log, the matches of the filter in the box, or none while it is wrong.

import { FilterBox, MESSAGES } from "./filterbox.mjs";
import { Finder } from "./finder.mjs";
import { Search } from "./search.mjs";
import { ROW } from "./viewport.mjs";

/** `rows` is the RowWindow. `hooks`: `cursor()` returns the place that the keys act on, -1 for none, `inspected()` the `seq` of the frame that is open or
 *  undefined. `onLeave()` is called when a person leaves the box for the rows, `onGo(place)` to show a match, `onRestart(place)` when places are those
 *  of another filter, with the place of the open frame where it is known, `onError(error)` where a person is refused something, without one where
 *  it went well, and `onMiss(error)` where the kernel could not search. */
export class Filtering {
  wrong = ""; // why the filter in the box cannot be used: then no rows are shown
  #query; // the filter that was applied last
  #moved = 0; // how often matches have moved, of those whose places are known

  constructor(model, requests, rows, hooks) {
    Object.assign(this, { model, requests, rows, ...hooks });
    const onMiss = (error) => this.onMiss(error);
    this.box = new FilterBox(model.get("language"), (text) => this.#typed(text), () => this.onLeave());
    this.search = new Search(requests, { onMatches: (answer, isNew) => this.#showMatches(answer, isNew), onError: onMiss });
    this.finder = new Finder(requests, {
      shown: () => this.filter,
      query: () => this.#query,
      place: (step) => this.#placeBefore(step),
      onGo: (place) => this.onGo(place),
      onToggle: () => { model.set("only_matches", !model.get("only_matches")); model.save_changes(); },
      onMatches: (answer) => { this.box.showCount(answer); rows.renew(); },
      onError: (error) => this.onError(error),
      onMiss,
    });
    this.box.line.append(this.finder.element); // in a line of its own: the chips stay where they are
  }

  /** The filter that places count in; null where a place is a `seq`. */
  get filter() { return this.search.filter; }

  /** Whether the first frame of a message stands for all of it: the others are left out. */
  get folds() { return this.box.has(MESSAGES) && this.model.get("only_matches"); }

  /** Rows have come; `span` has all of them. */
  grow(span) {
    if (this.wrong) return;
    this.finder.update();
    if (this.filter !== null) this.search.update();
    else this.rows.go((view) => view.setSpan(...span));
    if (this.rows.hasOpen) this.rows.renew();
  }

  /** Rows have changed. */
  renew() {
    this.search.update();
    this.finder.update();
  }

  /** Use the filter of the model, where it is another one. */
  follow() { if (this.model.get("query") !== this.#query) this.apply(); }

  /** Show the rows of the model's filter. */
  apply() {
    const query = this.model.get("query"), isOnly = this.model.get("only_matches"), shown = isOnly ? query : "";
    this.box.show(query);
    this.box.complain("");
    this.box.showLine(this.model.get("line"));
    const wasWrong = this.wrong !== "";
    this.wrong = "";
    this.#query = query;
    this.finder.find(query, isOnly);
    if (query && (this.filter !== shown || !isOnly)) this.box.showSearching();
    if (shown || this.model.get("is_part")) this.search.find(shown);
    else this.#showAll(wasWrong || this.filter !== null);
  }

  /** Other rows belong to the log's part that is shown. */
  restart() {
    this.search.stop();
    this.apply();
  }

  #placeBefore(step) {
    const cursor = this.cursor(), { viewport } = this.rows;
    return cursor >= 0 ? cursor : step > 0 ? viewport.first - 1 : viewport.last;
  }

  async #typed(text) {
    try {
      await this.requests.ask("query", { filter: text });
      this.onError();
      if (this.box.text !== text) return;
      this.box.settle();
      if (this.model.get("query") === text) this.apply(); // else its change comes yet
    } catch (error) {
      if (this.box.text !== text) return;
      this.box.settle();
      this.#refuse(error.message);
    }
  }

  /** Show no rows: those of the filter before would look like an answer. */
  #refuse(sentence) {
    this.wrong = sentence;
    this.#query = undefined;
    this.box.complain(sentence);
    this.search.stop();
    this.finder.find("", true);
    this.#forget();
    this.rows.go((view) => view.setSpan(0, 0));
  }

  #showMatches(answer, isNew) {
    const hasMoved = !isNew && answer.moved !== this.#moved;
    this.#moved = answer.moved;
    if (isNew) this.#forget();
    if (hasMoved) this.onRestart();
    if (this.filter) this.box.showCount(answer);
    this.rows.go((view) => view.setSpan(answer.first, answer.end));
    if (hasMoved) this.rows.renew();
  }

  /** Nothing is left out. The rows that were in sight stay there, among their neighbours. */
  #showAll(wasFiltered) {
    const { viewport } = this.rows, open = this.inspected();
    const seen = open ?? (viewport.follow ? undefined : this.rows.rowAt(viewport.first)?.seq);
    this.search.stop();
    if (wasFiltered) this.#forget();
    this.rows.go((view) => {
      view.setSpan(...this.model.get("span"));
      if (!wasFiltered || seen === undefined) return;
      view.setFollow(false);
      view.moveTo((seen - view.origin) * ROW - (open === undefined ? 0 : view.height / 2));
    });
    if (wasFiltered && open !== undefined) this.onRestart(open);
    this.rows.refresh();
  }

  #forget() {
    this.onRestart();
    this.rows.restart();
    this.box.clearCount();
  }
}

// Still: the text that stands in the place of a view on a page without its kernel, hidden while the view is there.

import { make } from "./elements.mjs";

/** Append what hides the elements of a class, if there is one. */
export function hideStill(el, still) {
  if (still) el.append(make("style", {}, `.${still} { display: none; }`));
}

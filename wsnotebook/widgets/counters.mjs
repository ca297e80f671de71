// Counters as a widget of its own: state, address, counts and figures.

import { Figures } from "./figures.mjs";
import { Head } from "./head.mjs";
import { widgetOf } from "./sessionview.mjs";

export default widgetOf(() => {
  const head = new Head(), figures = new Figures();
  return {
    elements: [head.element, figures.element],
    show(get, why, pulse) {
      head.show(get, pulse);
      figures.show(get);
    },
  };
});

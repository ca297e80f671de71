// SendBox as a widget of its own.

import { Compose } from "./compose.mjs";
import { make } from "./elements.mjs";
import { widgetOf } from "./sessionview.mjs";

export default widgetOf((actions, requests, { kept }) => {
  const compose = new Compose(actions, kept);
  return {
    elements: [make("div", { className: "wsn-line" }, ...compose.parts),
      make("div", { className: "wsn-line wsn-sending" }, compose.options.element, compose.options.stop)],
    show: (get, why) => compose.show(why, get("repeating")),
  };
});

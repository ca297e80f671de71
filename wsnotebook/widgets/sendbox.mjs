// SendBox as a widget of its own.

import { Compose } from "./compose.mjs";
import { widgetOf } from "./sessionview.mjs";

export default widgetOf((actions, requests, { kept }) => {
  const compose = new Compose(actions, kept);
  return {
    elements: compose.lines(),
    show: (get, why) => compose.show(why, get("repeating")),
  };
});

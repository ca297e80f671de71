// The panel of a session that was not opened: what was dialled, why that failed and what was answered, and Reconnect.

import { handOn } from "./elements.mjs";
import { Head } from "./head.mjs";
import { Reconnecting } from "./reconnecting.mjs";
import { widgetOf } from "./sessionview.mjs";
import { hideStill } from "./still.mjs";

export default widgetOf((actions, requests, { model, el }) => {
  const head = new Head(), again = new Reconnecting(actions, requests, "Reconnect dials with the same arguments.");
  hideStill(el, model.get("still"));
  return {
    elements: [head.element, again.element],
    show(get, why, pulse) {
      head.show(get, pulse);
      again.show(get, why, pulse);
      handOn(again.button, again.refusal.text);
    },
  };
});

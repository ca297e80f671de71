// CloseButton as a widget of its own.

import { Closing } from "./closing.mjs";
import { group, line, make } from "./elements.mjs";
import { Reconnecting } from "./reconnecting.mjs";
import { widgetOf } from "./sessionview.mjs";

export default widgetOf((actions) => {
  const closing = new Closing(actions), again = new Reconnecting(actions), ending = make("span", { className: "wsn-ending" });
  return {
    elements: [line(group(...closing.parts), ending), again.element],
    show(get, why, pulse) {
      closing.show(get, why, pulse);
      again.show(get, why, pulse);
      ending.textContent = ending.title = get("ending");
    },
  };
});

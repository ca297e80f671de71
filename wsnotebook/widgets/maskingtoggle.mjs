// MaskingToggle as a widget of its own.

import { widgetOf } from "./sessionview.mjs";
import { masking as toggle } from "./toggle.mjs";

export default widgetOf((actions) => {
  const masking = toggle(actions);
  return { elements: [masking.element], show: (get, why) => masking.show(get, why) };
});

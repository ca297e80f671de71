// The controls of the panel: what a session is and counts, and the verbs that a click asks for.

import { Closing } from "./closing.mjs";
import { Compose } from "./compose.mjs";
import { button, group, handOn, line } from "./elements.mjs";
import { Figures } from "./figures.mjs";
import { Handshake } from "./handshake.mjs";
import { Head } from "./head.mjs";
import { GONE } from "./pulse.mjs";
import { Reconnecting } from "./reconnecting.mjs";
import { widgetOf } from "./sessionview.mjs";
import { Settings } from "./settings.mjs";
import { answering, compressing, masking } from "./toggle.mjs";

const PING = "Send a ping and measure the time to its pong";

export default widgetOf((actions, requests, { kept }) => {
  const head = new Head(), figures = new Figures(), compose = new Compose(actions, kept), pongs = answering(actions), toggles = [masking(actions), compressing(actions)];
  const closing = new Closing(actions), settings = new Settings(actions), handshake = new Handshake(requests), again = new Reconnecting(actions, requests);
  const ping = button("Ping", PING, () => actions.run("ping"));
  return {
    elements: [head.element, figures.element, again.element, ...compose.lines(...toggles.map(({ element }) => element)),
      line(group(ping, ...settings.parts, pongs.element), group(...closing.parts))],
    foot: [handshake.element],
    show(get, why, pulse) {
      head.show(get, pulse);
      figures.show(get);
      compose.show(why, get("repeating"));
      for (const toggle of [...toggles, pongs]) toggle.show(get, why);
      closing.show(get, why, pulse);
      again.show(get, why, pulse);
      settings.show(get, why);
      handshake.enable(pulse === GONE ? why : "");
      ping.disabled = why !== "";
      ping.title = why || PING;
      handOn(again.button, compose.text);
      for (const control of [closing.closing, closing.terminating]) handOn(control, again.button);
    },
  };
});

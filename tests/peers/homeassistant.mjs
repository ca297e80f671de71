// Home Assistant: node homeassistant.mjs <folder with node_modules> serve | <url>. The server is a small one of ours that follows
// the published protocol, several messages in an array included; it prints its port, and ends with its input. The client,
// npm's home-assistant-js-websocket, logs in with a token, asks, is refused, calls a service, follows events, and pings.
import { createRequire } from "node:module";

const [, , folder, what] = process.argv;
const require = createRequire(`${folder}/`);
const { WebSocket, WebSocketServer } = require("ws");
const TOKEN = "a-long-lived-token-of-nobody";
const LIGHT = { entity_id: "light.desk", state: "off", attributes: { friendly_name: "Desk" } };
const ANSWERS = {
  supported_features: () => null,
  get_config: () => ({ location_name: "Home", version: "2026.11.0", components: ["light"] }),
  get_states: () => [LIGHT],
  get_services: () => ({ light: { turn_on: { fields: {} } } }),
  "auth/current_user": () => ({ id: "u1", name: "Ada", is_owner: true }),
  call_service: (asked) => ({ context: { id: "c1" }, response: asked.return_response ? {} : null }),
  subscribe_events: () => null,
  subscribe_entities: () => null,
  unsubscribe_events: () => null,
};

function serve() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/api/websocket" });
  server.on("connection", (socket) => {
    let isKnown = false;
    const write = (...messages) => socket.send(JSON.stringify(messages.length > 1 ? messages : messages[0]));
    write({ type: "auth_required", ha_version: "2026.11.0" });
    socket.on("message", (data) => {
      const asked = JSON.parse(data);
      const { id, type } = asked;
      const changed = (state) => ({ id, type: "event", event: { event_type: "state_changed", data: { new_state: { ...LIGHT, state } } } });
      if (!isKnown) {
        isKnown = type === "auth" && asked.access_token === TOKEN;
        write(isKnown ? { type: "auth_ok", ha_version: "2026.11.0" } : { type: "auth_invalid", message: "Invalid access token" });
        if (!isKnown) socket.close();
      } else if (type === "ping") write({ id, type: "pong" });
      else if (type in ANSWERS) write({ id, type: "result", success: true, result: ANSWERS[type](asked) });
      else write({ id, type: "result", success: false, error: { code: "unknown_command", message: "Unknown command." } });
      if (type === "subscribe_events") {
        write(changed("on"));
        write(changed("off"), changed("on"));
      } else if (type === "subscribe_entities") write({ id, type: "event", event: { a: { "light.desk": { s: "on", a: {}, c: "c1", lc: 1 } } } });
    });
  });
  server.on("listening", () => console.log(server.address().port));
  process.stdin.resume().on("end", () => process.exit(0));
}

async function ask() {
  globalThis.WebSocket = WebSocket;
  const client = require("home-assistant-js-websocket");
  const auth = client.createLongLivedTokenAuth(what.replace(/^ws/, "http").replace(/\/$/, ""), TOKEN);
  const connection = await client.createConnection({ auth });
  const found = [];
  for (const name of ["getConfig", "getStates", "getServices", "getUser"]) found.push(await client[name](connection));
  found.push(await client.callService(connection, "light", "turn_on", { brightness: 9 }, { entity_id: "light.desk" }));
  found.push(await connection.sendMessagePromise({ type: "nonsense" }).catch((error) => error.code));
  let count = 0;
  let heard;
  const all = new Promise((resolve) => (heard = resolve));
  const stop = await connection.subscribeEvents((event) => {
    found.push(event.data.new_state.state);
    if (++count === 3) heard();
  }, "state_changed");
  await all;
  await stop();
  await new Promise((resolve) => client.subscribeEntities(connection, (entities) => "light.desk" in entities && resolve(found.push(entities["light.desk"].state))));
  await connection.ping();
  console.log(JSON.stringify(found));
  connection.close();
}

await (what === "serve" ? serve() : ask());

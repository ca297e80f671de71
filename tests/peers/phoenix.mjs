// Phoenix: node phoenix.mjs <folder with node_modules> serve | <url> <package> <version>. The server is a small one of ours,
// because npm has none; it prints its port, and ends with its input. The client, npm's phoenix, joins, is refused, asks, sends and
// gets bytes. Versions of it before 1.3 have the first form of messages, objects instead of arrays.
import { createRequire } from "node:module";

const [, , folder, what, name, version] = process.argv;
const require = createRequire(`${folder}/`);
const { WebSocket, WebSocketServer } = require("ws");

function pushOf(data, isBinary) {
  if (isBinary) {
    const sizes = [...data.subarray(1, 5)];
    const parts = sizes.map((size, at) => {
      const start = 5 + sizes.slice(0, at).reduce((one, other) => one + other, 0);
      return data.subarray(start, start + size).toString();
    });
    return [...parts, data.subarray(5 + sizes.reduce((one, other) => one + other, 0))];
  }
  const value = JSON.parse(data);
  return Array.isArray(value) ? value : [value.join_ref, value.ref, value.topic, value.event, value.payload];
}

function binary(kind, payload, ...parts) {
  return Buffer.concat([Buffer.from([kind, ...parts.map((part) => part.length)]), Buffer.from(parts.join("")), payload]);
}

function serve() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket, request) => {
    const isFirst = !request.url.includes("vsn=2");
    const write = (join_ref, ref, topic, event, payload) =>
      socket.send(JSON.stringify(isFirst ? { topic, event, payload, ref: ref ?? null } : [join_ref, ref, topic, event, payload]));
    socket.on("message", (data, isBinary) => {
      const [join, ref, topic, event, payload] = pushOf(data, isBinary);
      const reply = (status, response) => write(join, ref, topic, "phx_reply", { status, response });
      if (topic === "room:secret" && event === "phx_join") reply("error", { reason: "unauthorized" });
      else if (event === "shout") {
        write(null, null, topic, "shout", payload);
        reply("ok", {});
      } else if (event === "upload") {
        socket.send(binary(1, payload, join, ref, topic, "ok"));
        socket.send(binary(0, payload, join, topic, "thumbnail"));
        socket.send(binary(2, payload, topic, "uploaded"));
      } else if (event === "phx_leave") {
        reply("ok", {});
        write(join, join, topic, "phx_close", {});
      } else if (event !== "slow") reply("ok", { event });
    });
  });
  server.on("listening", () => console.log(server.address().port));
  process.stdin.resume().on("end", () => process.exit(0));
}

const answer = (push) =>
  new Promise((resolve) => ["ok", "error", "timeout"].forEach((status) => push.receive(status, (got) => resolve([status, got]))));
const plain = (value) => (value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value);

async function ask() {
  const { Socket } = require(name);
  const socket = new Socket(what, { transport: WebSocket, vsn: version, heartbeatIntervalMs: 1e6, timeout: 2000, reconnectAfterMs: () => 1e6 });
  socket.connect();
  const found = [];
  const secret = socket.channel("room:secret", {});
  found.push(await answer(secret.join()));
  await secret.leave();
  const room = socket.channel("room:1", { token: "abc" });
  ["shout", "thumbnail", "uploaded"].forEach((name) => room.on(name, (payload) => found.push([name, plain(payload)])));
  const uploaded = new Promise((resolve) => room.on("uploaded", resolve));
  found.push(await answer(room.join()));
  found.push(await answer(room.push("shout", { text: "é" })));
  found.push(await answer(room.push("slow", {}, 200)));
  if (version === "2.0.0") {
    const [status, bytes] = await answer(room.push("upload", new Uint8Array([1, 0, 255]).buffer));
    found.push([status, plain(bytes)]);
    await uploaded;
  }
  found.push(await answer(room.leave()));
  await new Promise((resolve) => setTimeout(resolve, 300)); // old versions do not wait for the reply
  console.log(JSON.stringify(found.map((each) => JSON.stringify(each)).sort())); // a promise may come before or after an event
  socket.disconnect(() => process.exit(0)); // timers of old versions go on
}

await (what === "serve" ? serve() : ask());

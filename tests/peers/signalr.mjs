// SignalR: node signalr.mjs <folder with node_modules> serve | <url> <json | messagepack>. The client, @microsoft/signalr, asks for a
// sum, an error, a stream, a stream that it ends, sends a stream, answers a question of the server, and prints what came. The server
// is a small one of ours, because npm has none; it writes with the client's own writer, prints its port, and ends with its input.
import { createRequire } from "node:module";

const [, , folder, what, name] = process.argv;
const require = createRequire(`${folder}/`);
const { HttpTransportType, HubConnectionBuilder, JsonHubProtocol, LogLevel, MessageType, Subject } = require("@microsoft/signalr");
const { MessagePackHubProtocol } = require("@microsoft/signalr-protocol-msgpack");

function serve() {
  const { WebSocketServer } = require("ws");
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket) => new Connection(socket));
  server.on("listening", () => console.log(server.address().port));
  process.stdin.resume().on("end", () => process.exit(0));
}

function* unpacked(data) {
  const { decode } = require("@msgpack/msgpack");
  while (data.length) {
    const sizeLength = data.findIndex((byte) => byte < 0x80) + 1;
    const size = data.subarray(0, sizeLength).reduce((sum, byte, at) => sum + ((byte & 0x7f) << (7 * at)), 0);
    const [type, , invocationId, ...rest] = decode(data.subarray(sizeLength, sizeLength + size));
    if (type === MessageType.StreamItem) yield { type, invocationId, item: rest[0] };
    else if (type === MessageType.Completion) yield { type, invocationId, result: rest[1] };
    else yield { type, invocationId, target: rest[0], arguments: rest[1], streamIds: rest[2] };
    data = data.subarray(sizeLength + size);
  }
}

class Connection {
  constructor(socket) {
    this.socket = socket;
    this.streams = new Map(); // sums of what the client sends, and to which invocation they belong
    this.ends = new Map(); // of streams that the client may end: what is called then
    socket.on("message", (data, isBinary) => this.receive(data, isBinary));
  }

  receive(data, isBinary) {
    if (this.protocol === undefined) {
      const isPacked = JSON.parse(data.toString().split("\x1e")[0]).protocol === "messagepack";
      this.protocol = isPacked ? new MessagePackHubProtocol() : new JsonHubProtocol();
      this.socket.send(isPacked ? Buffer.from("{}\x1e") : "{}\x1e");
      return;
    }
    for (const message of isBinary ? unpacked(data) : data.toString().split("\x1e").slice(0, -1).map(JSON.parse)) this.answer(message);
  }

  send(...messages) {
    const written = messages.map((message) => this.protocol.writeMessage(message));
    this.socket.send(typeof written[0] === "string" ? written.join("") : Buffer.concat(written.map((each) => new Uint8Array(each))));
  }

  complete(invocationId, rest) {
    this.send({ type: MessageType.Completion, invocationId, ...rest });
  }

  async answer({ type, invocationId, target, arguments: values, streamIds, item, result }) {
    if (type === MessageType.Ping) this.send({ type });
    else if (type === MessageType.CancelInvocation) this.ends.get(invocationId)();
    else if (type === MessageType.StreamItem) this.streams.get(invocationId).sum += item;
    else if (type === MessageType.Completion && this.streams.has(invocationId)) {
      const { sum, of } = this.streams.get(invocationId);
      this.complete(of, { result: sum });
    } else if (type === MessageType.Completion) this.complete(this.asking, { result });
    else if (target === "add") this.complete(invocationId, { result: values[0] + values[1] });
    else if (target === "fail") this.complete(invocationId, { error: "no" });
    else if (target === "tell") {
      const told = { type: MessageType.Invocation, target: "told", arguments: values };
      this.send(told, { type: MessageType.Ping }); // two in one message
    } else if (target === "total") this.streams.set(streamIds[0], { sum: 0, of: invocationId });
    else if (target === "askName") {
      this.asking = invocationId;
      this.send({ type: MessageType.Invocation, invocationId: "1", target: "name", arguments: [] });
    } else if (target === "count") {
      // The client ends a long stream after two items: none is sent after these, however late the end comes, and the completion
      // at once, so that each recording has the same messages.
      const ended = new Promise((resolve) => this.ends.set(invocationId, resolve)), isLong = values[0] > 3;
      for (let item = 1; item <= (isLong ? 2 : values[0]); item++) {
        if (item > 1) await new Promise((resolve) => setTimeout(resolve, 20));
        this.send({ type: MessageType.StreamItem, invocationId, item });
      }
      if (isLong) await ended;
      this.complete(invocationId, {});
    }
  }
}

const items = (stream, limit) =>
  new Promise((resolve, reject) => {
    const found = [];
    const subscription = stream.subscribe({
      next: (item) => {
        found.push(item);
        if (found.length !== limit) return;
        subscription.dispose();
        resolve(found);
      },
      complete: () => resolve(found),
      error: reject,
    });
  });

async function ask() {
  const transport = { skipNegotiation: true, transport: HttpTransportType.WebSockets };
  const hub = new HubConnectionBuilder()
    .withUrl(what.replace("ws:", "http:"), transport)
    .withHubProtocol(name === "messagepack" ? new MessagePackHubProtocol() : new JsonHubProtocol())
    .configureLogging(LogLevel.None)
    .build();
  const found = [];
  const told = new Promise((resolve) => hub.on("told", resolve));
  hub.on("name", () => "client");
  await hub.start();
  found.push(await hub.invoke("add", 40, 2));
  found.push(await hub.invoke("fail").catch((error) => error.message));
  found.push(await items(hub.stream("count", 3)));
  found.push(await items(hub.stream("count", 1000), 2));
  await hub.send("tell", "é");
  found.push(await told);
  const numbers = new Subject();
  const sum = hub.invoke("total", numbers);
  [1, 2, 3].forEach((number) => numbers.next(number));
  numbers.complete();
  found.push(await sum);
  found.push(await hub.invoke("askName"));
  console.log(JSON.stringify(found));
  await hub.stop();
}

await (what === "serve" ? serve() : ask());

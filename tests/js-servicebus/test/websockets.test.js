// AMQP in WebSockets, for networks that let nothing else through.
import assert from "node:assert/strict";
import { after } from "node:test";
import { ServiceBusClient } from "@azure/service-bus";
import WebSocket from "ws";
import { administrationConnection, fresh, one, queue, several, test } from "../support/bus.js";

/** The SDK asks for wss; this emulator was started without a certificate. */
class PlainWebSocket extends WebSocket {
  constructor(url, protocols, options) {
    super(url.replace(/^wss:/, "ws:"), protocols, options);
  }
}

const bus = new ServiceBusClient(administrationConnection, { webSocketOptions: { webSocket: PlainWebSocket } });
after(() => bus.close());

test("messages pass through a WebSocket both ways", async () => {
  const name = await queue();
  await bus.createSender(name).sendMessages([{ body: "one" }, { body: "x".repeat(100_000) }]);
  const receiver = bus.createReceiver(name);

  const [first, second] = await several(receiver, 2);

  assert.equal(first.body, "one");
  assert.equal(second.body.length, 100_000);
  await receiver.completeMessage(first);
  await receiver.completeMessage(second);
  assert.equal((await receiver.peekMessages(1)).length, 0);
});

test("a session is received through a WebSocket", async () => {
  const name = await queue({ requiresSession: true });
  const sessionId = fresh("s");
  await bus.createSender(name).sendMessages({ body: "in a session", sessionId });
  const receiver = await bus.acceptSession(name, sessionId);

  assert.equal((await one(receiver)).body, "in a session");
  await receiver.close();
});

// Receivers: drain, peek, streams, competition, many clients, and what they are told when something is wrong.
import assert from "node:assert/strict";
import { client, connection, eventually, fresh, none, one, queue, several, test } from "../support/bus.js";

const bus = client();

test("asking for more than there is keeps the link and its locks", async () => {
  const name = await queue();
  await bus.createSender(name).sendMessages([{ body: 0 }, { body: 1 }, { body: 2 }, { body: 3 }]);
  const receiver = bus.createReceiver(name);

  const messages = await receiver.receiveMessages(10, { maxWaitTimeInMs: 10_000 });

  assert.equal(messages.length, 4);
  await receiver.completeMessage(messages[0]);
  await receiver.deadLetterMessage(messages[1]);
  await receiver.deferMessage(messages[2]);
  await receiver.abandonMessage(messages[3]);
  assert.equal((await one(receiver)).body, 3);
});

test("an empty queue answers with nothing, and the receiver goes on", async () => {
  const name = await queue();
  const receiver = bus.createReceiver(name);
  for (let round = 0; round < 3; round++) {
    await none(receiver, 300);
    await bus.createSender(name).sendMessages({ body: round });
    const message = await one(receiver);
    assert.equal(message.body, round);
    await receiver.completeMessage(message);
  }
});

test("a receiver that waits is woken by a message", async () => {
  const name = await queue();
  const waiting = one(bus.createReceiver(name));
  await bus.createSender(name).sendMessages({ body: "wake up" });

  assert.equal((await waiting).body, "wake up");
});

test("peek shows messages without locking them, from where it is told", async () => {
  const name = await queue();
  const receiver = bus.createReceiver(name);
  assert.equal((await receiver.peekMessages(3)).length, 0);
  await bus.createSender(name).sendMessages([{ body: "a" }, { body: "b" }, { body: "c" }]);

  const first = await receiver.peekMessages(2);
  const rest = await receiver.peekMessages(5);
  const fromSecond = await receiver.peekMessages(5, { fromSequenceNumber: first[1].sequenceNumber });

  assert.deepEqual(first.map((message) => message.body), ["a", "b"]);
  assert.deepEqual(rest.map((message) => message.body), ["c"]);
  assert.deepEqual(fromSecond.map((message) => message.body), ["b", "c"]);
  assert.equal((await several(receiver, 3)).length, 3);
});

test("a stream processes and completes by itself", async () => {
  const name = await queue();
  const receiver = bus.createReceiver(name);
  const seen = new Set();
  const errors = [];
  const stream = receiver.subscribe(
    {
      processMessage: async (message) => void seen.add(message.body),
      processError: async ({ error }) => void errors.push(error),
    },
    { maxConcurrentCalls: 4 },
  );
  const sender = bus.createSender(name);
  for (let i = 0; i < 60; i += 20) {
    await sender.sendMessages(Array.from({ length: 20 }, (_, k) => ({ body: i + k })));
  }

  await eventually(() => assert.equal(seen.size, 60));
  await eventually(async () => assert.equal((await bus.createReceiver(name).peekMessages(1)).length, 0));
  await stream.close();
  assert.deepEqual(errors, []);
});

test("a handler that throws abandons its message", async () => {
  const name = await queue();
  await bus.createSender(name).sendMessages({ body: "twice" });
  const counts = [];
  const stream = bus.createReceiver(name).subscribe({
    processMessage: async (message) => {
      counts.push(message.deliveryCount);
      if (counts.length === 1) {
        throw new Error("on purpose");
      }
    },
    processError: async () => {},
  });

  await eventually(() => assert.deepEqual(counts, [0, 1]));
  await stream.close();
});

test("two competing receivers get each message once between them", async () => {
  const name = await queue();
  const seen = [];
  const streams = [client(), client()].map((each) =>
    each.createReceiver(name).subscribe({
      processMessage: async (message) => void seen.push(message.body),
      processError: async () => {},
    }),
  );
  const sender = bus.createSender(name);
  await Promise.all(
    Array.from({ length: 10 }, (_, k) =>
      sender.sendMessages(Array.from({ length: 10 }, (_, i) => ({ body: k * 10 + i })))),
  );

  await eventually(() => assert.ok(seen.length >= 100));
  await Promise.all(streams.map((stream) => stream.close()));
  assert.deepEqual(seen.sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
});

test("forty clients connect at once, each sends and receives", async () => {
  const name = await queue();
  const clients = Array.from({ length: 40 }, () => client());

  await Promise.all(clients.map((each, body) => each.createSender(name).sendMessages({ body })));
  const bodies = await Promise.all(
    clients.map(async (each) => {
      const receiver = each.createReceiver(name);
      const message = await one(receiver);
      await receiver.completeMessage(message);
      return message.body;
    }),
  );

  assert.deepEqual(bodies.sort((a, b) => a - b), Array.from({ length: 40 }, (_, i) => i));
});

test("an entity that does not exist is reported as such", async () => {
  const missing = fresh("missing");

  await assert.rejects(bus.createSender(missing).sendMessages({ body: 1 }), { code: "MessagingEntityNotFound" });
  await assert.rejects(
    bus.createReceiver(missing).receiveMessages(1, { maxWaitTimeInMs: 1_000 }), { code: "MessagingEntityNotFound" });
  await assert.rejects(
    bus.createReceiver(fresh("t"), "sub").receiveMessages(1), { code: "MessagingEntityNotFound" });
});

test("a wrong key is refused", async () => {
  const name = await queue();
  const stranger = client(connection.replace(/SharedAccessKey=[^;]*/, "SharedAccessKey=d3Jvbmc="));

  await assert.rejects(
    stranger.createSender(name).sendMessages({ body: 1 }),
    (error) => (error.errors ?? [error]).every((each) => each.code === "UnauthorizedAccess"));
});

test("a DLQ takes no sends", async () => {
  const name = await queue();

  await assert.rejects(bus.createSender(`${name}/$DeadLetterQueue`).sendMessages({ body: 1 }));
});

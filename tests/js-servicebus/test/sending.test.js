// What is sent arrives as it was: bodies, properties, batches, sizes.
import assert from "node:assert/strict";
import { client, none, one, pause, queue, several, test } from "../support/bus.js";

const bus = client();

test("a message arrives with its body, properties and what the bus adds", async () => {
  const name = await queue();
  const receiver = bus.createReceiver(name, { skipConvertingDate: true });
  const date = new Date("2026-01-02T03:04:05.000Z");
  await bus.createSender(name).sendMessages({
    body: { hello: "world", list: [1, 2.5, null, true] },
    messageId: "id-1",
    correlationId: "c-1",
    subject: "greeting",
    to: "there",
    replyTo: "here",
    replyToSessionId: "rs",
    contentType: "application/json",
    timeToLive: 600_000,
    applicationProperties: { text: "ünï", whole: 42, big: 9_000_000_000, real: 1.5, yes: true, date, nothing: null },
  });

  const message = await one(receiver);

  assert.deepEqual(message.body, { hello: "world", list: [1, 2.5, null, true] });
  assert.equal(message.messageId, "id-1");
  assert.equal(message.correlationId, "c-1");
  assert.equal(message.subject, "greeting");
  assert.equal(message.to, "there");
  assert.equal(message.replyTo, "here");
  assert.equal(message.replyToSessionId, "rs");
  assert.equal(message.contentType, "application/json");
  assert.equal(message.timeToLive, 600_000);
  assert.deepEqual({ ...message.applicationProperties }, {
    text: "ünï", whole: 42, big: 9_000_000_000, real: 1.5, yes: true, date, nothing: null,
  });
  assert.equal(message.deliveryCount, 0);
  assert.equal(message.state, "active");
  assert.ok(message.sequenceNumber.toNumber() > 0);
  assert.match(message.lockToken, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs(message.enqueuedTimeUtc.getTime() - Date.now()) < 60_000);
  assert.ok(message.lockedUntilUtc.getTime() > Date.now());
  assert.ok(message.expiresAtUtc.getTime() > Date.now());
  await receiver.completeMessage(message);
});

for (const [kind, body] of [
  ["a string", "text with ünïcödé"],
  ["bytes", Buffer.from([0, 1, 2, 255])],
  ["a number", 17],
  ["an empty object", {}],
  ["null", null],
  ["200 KB", "x".repeat(200 * 1024)],
]) {
  test(`a body of ${kind} is unchanged`, async () => {
    const name = await queue();
    const receiver = bus.createReceiver(name);
    await bus.createSender(name).sendMessages({ body });

    const message = await one(receiver);

    assert.deepEqual(message.body, body);
    await receiver.completeMessage(message);
  });
}

test("AMQP value and sequence bodies are unchanged", async () => {
  const name = await queue();
  const receiver = bus.createReceiver(name, { receiveMode: "receiveAndDelete" });
  const sender = bus.createSender(name);
  await sender.sendMessages({ body: "a value", bodyType: "value" });
  await sender.sendMessages({ body: [1, "two"], bodyType: "sequence" });

  const [value, sequence] = await several(receiver, 2);

  assert.equal(value.body, "a value");
  assert.equal(value._rawAmqpMessage.bodyType, "value");
  assert.deepEqual(sequence.body, [1, "two"]);
  assert.equal(sequence._rawAmqpMessage.bodyType, "sequence");
});

test("a message without an id is given one", async () => {
  const name = await queue();
  const receiver = bus.createReceiver(name);
  await bus.createSender(name).sendMessages({ body: "anonymous" });

  const message = await one(receiver);

  assert.ok(message.messageId);
  await receiver.completeMessage(message);
});

test("a batch arrives whole and in order", async () => {
  const name = await queue();
  const sender = bus.createSender(name);
  const batch = await sender.createMessageBatch();
  for (let i = 0; i < 20; i++) {
    assert.ok(batch.tryAddMessage({ body: i, applicationProperties: { i } }));
  }
  await sender.sendMessages(batch);
  await sender.sendMessages([{ body: 20 }, { body: 21 }]);

  const messages = await several(bus.createReceiver(name, { receiveMode: "receiveAndDelete" }), 22);

  assert.deepEqual(messages.map((message) => message.body), Array.from({ length: 22 }, (_, i) => i));
  const numbers = messages.map((message) => message.sequenceNumber.toNumber());
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
});

test("a batch refuses what would make it too large", async () => {
  const sender = bus.createSender(await queue());
  const batch = await sender.createMessageBatch();

  assert.ok(batch.maxSizeInBytes >= 256 * 1024);
  assert.ok(!batch.tryAddMessage({ body: "x".repeat(batch.maxSizeInBytes) }));
});

test("a message that is too large is refused as such", async () => {
  const sender = bus.createSender(await queue());
  const { maxSizeInBytes } = await sender.createMessageBatch();

  await assert.rejects(
    sender.sendMessages({ body: Buffer.alloc(maxSizeInBytes + 1024) }), { code: "MessageSizeExceeded" });

  // Its link was detached; the next send finds a new one.
  await sender.sendMessages({ body: "small" });
});

test("receive and delete leaves nothing behind", async () => {
  const name = await queue();
  await bus.createSender(name).sendMessages([{ body: 1 }, { body: 2 }]);
  const receiver = bus.createReceiver(name, { receiveMode: "receiveAndDelete" });

  assert.equal((await several(receiver, 2)).length, 2);

  assert.equal((await receiver.peekMessages(5)).length, 0);
});

test("duplicate detection drops the second message with an id", async () => {
  const name = await queue({ requiresDuplicateDetection: true, duplicateDetectionHistoryTimeWindow: "PT1M" });
  const sender = bus.createSender(name);
  await sender.sendMessages({ messageId: "same", body: "first" });
  await sender.sendMessages([{ messageId: "same", body: "second" }, { messageId: "other", body: "third" }]);

  const messages = await several(bus.createReceiver(name, { receiveMode: "receiveAndDelete" }), 2);

  assert.deepEqual(messages.map((message) => message.body), ["first", "third"]);
});

test("an expired message goes to the DLQ where the queue says so, and nowhere otherwise", async () => {
  const kept = await queue({ deadLetteringOnMessageExpiration: true });
  const dropped = await queue();
  for (const name of [kept, dropped]) {
    await bus.createSender(name).sendMessages({ body: "short-lived", timeToLive: 300 });
  }

  const dead = await one(bus.createReceiver(kept, { subQueueType: "deadLetter", receiveMode: "receiveAndDelete" }));

  assert.equal(dead.body, "short-lived");
  assert.equal(dead.deadLetterReason, "TTLExpiredException");
  await pause(400);
  await none(bus.createReceiver(dropped));
  await none(bus.createReceiver(dropped, { subQueueType: "deadLetter" }));
});

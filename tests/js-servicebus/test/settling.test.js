// Complete, abandon, dead-letter, defer, and what becomes of locks.
import assert from "node:assert/strict";
import { client, none, one, queue, several, test } from "../support/bus.js";

const bus = client();

async function queueWith(body, options) {
  const name = await queue(options);
  await bus.createSender(name).sendMessages({ body, messageId: "m" });
  return name;
}

test("a completed message is gone", async () => {
  const name = await queueWith("work");
  const receiver = bus.createReceiver(name);

  await receiver.completeMessage(await one(receiver));

  assert.equal((await receiver.peekMessages(5)).length, 0);
  await none(receiver);
});

test("an abandoned message comes back, counted and with changed properties", async () => {
  const name = await queueWith("work");
  const receiver = bus.createReceiver(name);
  await receiver.abandonMessage(await one(receiver), { attempt: "one", number: 7 });

  const again = await one(receiver);

  assert.equal(again.deliveryCount, 1);
  assert.deepEqual({ ...again.applicationProperties }, { attempt: "one", number: 7 });
  await receiver.completeMessage(again);
});

test("abandoned too often, a message goes to the DLQ with the reason", async () => {
  const name = await queueWith("poison", { maxDeliveryCount: 2 });
  const receiver = bus.createReceiver(name);
  await receiver.abandonMessage(await one(receiver));
  await receiver.abandonMessage(await one(receiver));

  const dead = bus.createReceiver(name, { subQueueType: "deadLetter" });
  const message = await one(dead);

  assert.equal(message.body, "poison");
  assert.equal(message.deadLetterReason, "MaxDeliveryCountExceeded");
  await dead.completeMessage(message);
  await none(receiver);
});

test("a dead-lettered message carries reason, description, source and properties", async () => {
  const name = await queueWith("bad");
  const receiver = bus.createReceiver(name);
  await receiver.deadLetterMessage(await one(receiver), {
    deadLetterReason: "no good", deadLetterErrorDescription: "at all", extra: "kept",
  });

  const dead = bus.createReceiver(name, { subQueueType: "deadLetter" });
  const message = await one(dead);

  assert.equal(message.body, "bad");
  assert.equal(message.deadLetterReason, "no good");
  assert.equal(message.deadLetterErrorDescription, "at all");
  assert.equal(message.applicationProperties.extra, "kept");
  await dead.completeMessage(message);
  await none(dead);
});

test("dead-lettering without a reason works too", async () => {
  const name = await queueWith("bad");
  const receiver = bus.createReceiver(name);
  await receiver.deadLetterMessage(await one(receiver));

  assert.equal((await one(bus.createReceiver(name, { subQueueType: "deadLetter" }))).body, "bad");
});

test("a deferred message waits for its sequence number", async () => {
  const name = await queueWith("later");
  const receiver = bus.createReceiver(name);
  const message = await one(receiver);
  await receiver.deferMessage(message, { why: "not yet" });
  await none(receiver);
  const [peeked] = await receiver.peekMessages(1);
  assert.equal(peeked.state, "deferred");

  const [deferred] = await receiver.receiveDeferredMessages(message.sequenceNumber);

  assert.equal(deferred.body, "later");
  assert.equal(deferred.applicationProperties.why, "not yet");
  await receiver.completeMessage(deferred);
  await assert.rejects(receiver.receiveDeferredMessages(message.sequenceNumber), { code: "MessageNotFound" });
});

test("several deferred messages are received at once and settled each its own way", async () => {
  const name = await queue();
  await bus.createSender(name).sendMessages([{ body: 0 }, { body: 1 }, { body: 2 }]);
  const receiver = bus.createReceiver(name);
  const messages = await several(receiver, 3);
  await Promise.all(messages.map((message) => receiver.deferMessage(message)));

  const deferred = await receiver.receiveDeferredMessages(messages.map((message) => message.sequenceNumber));

  assert.deepEqual(deferred.map((message) => message.body), [0, 1, 2]);
  await receiver.completeMessage(deferred[0]);
  await receiver.deadLetterMessage(deferred[1], { deadLetterReason: "deferred and bad" });
  await receiver.abandonMessage(deferred[2]);
  assert.equal((await receiver.receiveDeferredMessages(messages[2].sequenceNumber)).length, 1);
  const dead = await one(bus.createReceiver(name, { subQueueType: "deadLetter" }));
  assert.equal(dead.deadLetterReason, "deferred and bad");
});

test("a renewed lock lasts longer", async () => {
  const name = await queueWith("slow", { lockDuration: "PT30S" });
  const receiver = bus.createReceiver(name, { maxAutoLockRenewalDurationInMs: 0 });
  const message = await one(receiver);
  const until = message.lockedUntilUtc;

  const renewed = await receiver.renewMessageLock(message);

  assert.ok(renewed.getTime() >= until.getTime());
  await receiver.completeMessage(message);
});

test("an expired lock is lost: complete says so and the message comes back", async () => {
  const name = await queueWith("slow", { lockDuration: "PT5S" });
  const receiver = bus.createReceiver(name, { maxAutoLockRenewalDurationInMs: 0 });
  const message = await one(receiver);
  const other = bus.createReceiver(name, { maxAutoLockRenewalDurationInMs: 0 });

  const again = await one(other);

  assert.ok(Date.now() >= message.lockedUntilUtc.getTime() - 1_000);
  assert.equal(again.deliveryCount, 1);
  await assert.rejects(receiver.completeMessage(message), { code: "MessageLockLost" });
  await assert.rejects(receiver.renewMessageLock(message), { code: "MessageLockLost" });
  await other.completeMessage(again);
});

test("closing a receiver releases no lock: the message comes back when it expires", async () => {
  const name = await queueWith("held", { lockDuration: "PT5S" });
  const first = bus.createReceiver(name, { maxAutoLockRenewalDurationInMs: 0 });
  const message = await one(first);
  await first.close();
  const second = bus.createReceiver(name);

  const again = await one(second);

  assert.ok(Date.now() >= message.lockedUntilUtc.getTime() - 1_000);
  assert.equal(again.messageId, "m");
  await second.completeMessage(again);
});

test("messages may be settled in any order, all at once", async () => {
  const name = await queue();
  await bus.createSender(name).sendMessages(Array.from({ length: 40 }, (_, body) => ({ body })));
  const receiver = bus.createReceiver(name);
  const messages = await several(receiver, 40);

  await Promise.all(messages.reverse().map((message) => receiver.completeMessage(message)));

  assert.equal((await receiver.peekMessages(5)).length, 0);
});

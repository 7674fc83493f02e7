// Messages for later: by the API, by annotation, and called back.
import assert from "node:assert/strict";
import { client, none, one, queue, test } from "../support/bus.js";

const bus = client();
const soon = (ms = 1_500) => new Date(Date.now() + ms);

test("a scheduled message is seen at once", async () => {
  const name = await queue();

  const [number] = await bus.createSender(name).scheduleMessages([{ body: "later" }], soon(60_000));

  const [peeked] = await bus.createReceiver(name).peekMessages(1);
  assert.equal(peeked.state, "scheduled");
  assert.ok(peeked.sequenceNumber.eq(number));
});

test("a scheduled message arrives when due", async () => {
  const name = await queue();
  const receiver = bus.createReceiver(name);
  const due = soon();

  await bus.createSender(name).scheduleMessages([{ body: "later", messageId: "s" }], due);

  const message = await one(receiver);
  assert.equal(message.body, "later");
  assert.equal(message.state, "active");
  assert.ok(Date.now() >= due.getTime() - 50, "came before it was due");
  await receiver.completeMessage(message);
});

test("a message with a scheduled time of its own arrives when due", async () => {
  const name = await queue();
  const receiver = bus.createReceiver(name);
  const due = soon(4_000);
  await bus.createSender(name).sendMessages([
    { body: "later", scheduledEnqueueTimeUtc: due }, { body: "now" }]);

  const first = await one(receiver);
  const second = await one(receiver);

  assert.deepEqual([first.body, second.body], ["now", "later"]);
  assert.ok(Date.now() >= due.getTime() - 50, "came before it was due");
  assert.equal(second.scheduledEnqueueTimeUtc.getTime(), due.getTime());
});

test("several are scheduled in one call", async () => {
  const name = await queue();
  const numbers = await bus.createSender(name)
    .scheduleMessages([{ body: 0 }, { body: 1 }, { body: 2 }], soon(60_000));

  assert.equal(new Set(numbers.map(String)).size, 3);
  assert.deepEqual(
    (await bus.createReceiver(name).peekMessages(5)).map((message) => message.body), [0, 1, 2]);
});

test("a cancelled message never comes, and cannot be cancelled again", async () => {
  const name = await queue();
  const sender = bus.createSender(name);
  const [first, second] = await sender.scheduleMessages([{ body: "cancelled" }, { body: "kept" }], soon(4_000));
  await sender.cancelScheduledMessages(first);

  const receiver = bus.createReceiver(name);
  const message = await one(receiver);

  assert.equal(message.body, "kept");
  assert.ok(second);
  await receiver.completeMessage(message);
  await none(receiver);
  await assert.rejects(sender.cancelScheduledMessages(first), { code: "MessageNotFound" });
});

test("a time that has passed means now", async () => {
  const name = await queue();
  await bus.createSender(name).scheduleMessages({ body: "overdue" }, new Date(Date.now() - 60_000));

  assert.equal((await one(bus.createReceiver(name))).body, "overdue");
});

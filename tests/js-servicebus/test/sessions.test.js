// Sessions: order, locks and state.
import assert from "node:assert/strict";
import { client, one, queue, several, test } from "../support/bus.js";

const bus = client();
const sessions = () => queue({ requiresSession: true, lockDuration: "PT30S" });

test("a session's messages come in order, and no other's", async () => {
  const name = await sessions();
  await bus.createSender(name).sendMessages(
    Array.from({ length: 12 }, (_, body) => ({ body, sessionId: body % 2 ? "odd" : "even" })));
  const receiver = await bus.acceptSession(name, "odd");

  const messages = await several(receiver, 6);

  assert.equal(receiver.sessionId, "odd");
  assert.deepEqual(messages.map((message) => message.body), [1, 3, 5, 7, 9, 11]);
  await Promise.all(messages.map((message) => receiver.completeMessage(message)));
  await receiver.close();
});

test("the next free session is found, and a taken one is refused", async () => {
  const name = await sessions();
  await bus.createSender(name).sendMessages([{ body: 1, sessionId: "a" }, { body: 2, sessionId: "b" }]);

  const first = await bus.acceptNextSession(name);
  const second = await bus.acceptNextSession(name);

  assert.deepEqual([first.sessionId, second.sessionId].sort(), ["a", "b"]);
  await assert.rejects(bus.acceptSession(name, "a"), { code: "SessionCannotBeLocked" });
  await first.completeMessage(await one(first));
  await first.close();
  await second.close();
});

test("session state is kept between receivers, and the lock is renewed", async () => {
  const name = await sessions();
  const first = await bus.acceptSession(name, "s");
  assert.equal(await first.getSessionState(), null);
  await first.setSessionState({ step: 2 });
  assert.ok((await first.renewSessionLock()).getTime() > Date.now());
  await first.close();

  const second = await bus.acceptSession(name, "s");

  assert.deepEqual(await second.getSessionState(), { step: 2 });
  await second.setSessionState(null);
  assert.equal(await second.getSessionState(), null);
  await second.close();
});

test("a session queue wants sessions, on both sides", async () => {
  const name = await sessions();

  await assert.rejects(bus.createSender(name).sendMessages({ body: "no session" }));
  await assert.rejects(bus.createReceiver(name).receiveMessages(1, { maxWaitTimeInMs: 1_000 }));
});

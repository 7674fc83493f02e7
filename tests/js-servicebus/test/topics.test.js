// Topics: who gets a copy, what rules and actions do to it, and where it is forwarded.
import assert from "node:assert/strict";
import { before, describe } from "node:test";
import { admin, client, none, one, queue, several, test, topic } from "../support/bus.js";

const bus = client();
const drained = { receiveMode: "receiveAndDelete" };

async function subscription(topicName, filter, action, options = {}) {
  const name = "s" + Math.random().toString(36).slice(2, 10);
  const rule = filter ? { defaultRuleOptions: { name: "only", filter, action } } : {};
  await admin.createSubscription(topicName, name, { ...rule, ...options });
  return name;
}

test("each bus subscription gets its own copy", async () => {
  const name = await topic();
  const subscriptions = [await subscription(name), await subscription(name)];
  await bus.createSender(name).sendMessages({ body: "news", messageId: "n" });

  for (const each of subscriptions) {
    const receiver = bus.createReceiver(name, each);
    const message = await one(receiver);
    assert.equal(message.messageId, "n");
    await receiver.completeMessage(message);
    await none(receiver, 300);
  }
});

describe("filters", () => {
  const orders = [
    { body: 0, subject: "order", applicationProperties: { color: "red", size: 1 } },
    { body: 1, subject: "order", applicationProperties: { color: "blue", size: 20, rush: true } },
    { body: 2, subject: "note", correlationId: "c", applicationProperties: { color: "red", size: 2.5 } },
    { body: 3, contentType: "text/plain", messageId: "m-3" },
  ];
  const cases = [
    ["correlation by property", { applicationProperties: { color: "red" } }, [0, 2]],
    ["correlation by number", { applicationProperties: { size: 20 } }, [1]],
    ["correlation by boolean", { applicationProperties: { rush: true } }, [1]],
    ["correlation by subject and property", { subject: "order", applicationProperties: { color: "red" } }, [0]],
    ["correlation by system fields", { correlationId: "c" }, [2]],
    ["correlation by content type and id", { contentType: "text/plain", messageId: "m-3" }, [3]],
    ["correlation is by case", { applicationProperties: { color: "Red" } }, []],
    ["SQL comparison", { sqlExpression: "size > 1 AND color = 'red'" }, [2]],
    ["SQL on system properties", { sqlExpression: "sys.Label LIKE 'or%' AND NOT rush = TRUE" }, []],
    ["SQL with NULL", { sqlExpression: "rush IS NULL AND EXISTS(color)" }, [0, 2]],
    ["SQL IN", { sqlExpression: "color IN ('blue', 'green') OR sys.MessageId = 'm-3'" }, [1, 3]],
    ["SQL with brackets", { sqlExpression: "user.[color] = 'red' OR sys.\"ContentType\" = 'text/plain'" }, [0, 2, 3]],
    ["SQL true", { sqlExpression: "1=1" }, [0, 1, 2, 3]],
    ["SQL false", { sqlExpression: "1=0" }, []],
    ["SQL that fails matches nothing", { sqlExpression: "color = 5" }, []],
  ];
  let name;
  const subscriptions = new Map();

  before(async () => {
    name = await topic();
    for (const [title, filter] of cases) {
      subscriptions.set(title, await subscription(name, filter));
    }
    const sender = bus.createSender(name);
    for (const order of orders) {
      await sender.sendMessages(order);
    }
  });

  for (const [title, , expected] of cases) {
    test(title, async () => {
      const receiver = bus.createReceiver(name, subscriptions.get(title), drained);
      const messages = expected.length > 0 ? await several(receiver, expected.length) : [];
      assert.deepEqual(messages.map((message) => message.body), expected);
      await none(receiver, 100);
    });
  }
});

test("an action changes the copy, and only this copy", async () => {
  const name = await topic();
  const changed = await subscription(name, { sqlExpression: "size > 1" }, {
    sqlExpression: "SET size = size + 1; SET sys.Label = 'changed'; SET added = 'x' + color; REMOVE color",
  });
  const plain = await subscription(name);
  await bus.createSender(name).sendMessages({
    body: "cargo", subject: "original", applicationProperties: { size: 2, color: "red" },
  });

  const copy = await one(bus.createReceiver(name, changed, drained));
  const original = await one(bus.createReceiver(name, plain, drained));

  assert.equal(copy.body, "cargo");
  assert.equal(copy.subject, "changed");
  const { RuleName, ...properties } = copy.applicationProperties;
  assert.equal(RuleName, "only");
  assert.deepEqual(properties, { size: 3, added: "xred" });
  assert.equal(original.subject, "original");
  assert.deepEqual({ ...original.applicationProperties }, { size: 2, color: "red" });
});

test("each matching rule with an action makes a copy, those without share one", async () => {
  const name = await topic();
  const each = await subscription(name, { sqlExpression: "1=1" });
  await admin.createRule(name, each, "plain", { applicationProperties: { a: 1 } });
  await admin.createRule(name, each, "first", { sqlExpression: "a = 1" }, { sqlExpression: "SET by = 'first'" });
  await admin.createRule(name, each, "second", { sqlExpression: "a = 1" }, { sqlExpression: "SET by = 'second'" });
  await admin.createRule(name, each, "other", { sqlExpression: "a = 2" }, { sqlExpression: "SET by = 'other'" });
  await bus.createSender(name).sendMessages({ body: "x", applicationProperties: { a: 1 } });
  const receiver = bus.createReceiver(name, each, drained);

  const messages = await several(receiver, 3);

  const by = messages.map((message) => message.applicationProperties.by);
  assert.deepEqual(by.sort(), ["first", "second", undefined]);
  const named = messages.filter((message) => message.applicationProperties.by);
  for (const message of named) {
    assert.equal(message.applicationProperties.RuleName, message.applicationProperties.by);
  }
  await none(receiver, 300);
});

test("a bus subscription without rules gets nothing", async () => {
  const name = await topic();
  const each = await subscription(name);
  await admin.deleteRule(name, each, "$Default");
  await bus.createSender(name).sendMessages({ body: "x" });

  await none(bus.createReceiver(name, each));
});

test("the rule manager adds, lists and removes rules over AMQP", async () => {
  const name = await topic();
  const each = await subscription(name);
  const rules = bus.createRuleManager(name, each);
  await rules.createRule("sql", { sqlExpression: "a > 1" }, { sqlExpression: "SET b = 1" });
  await rules.createRule("correlation", { subject: "s", applicationProperties: { a: "x" } });

  const listed = [];
  for await (const rule of rules.listRules()) {
    listed.push(rule);
  }

  assert.deepEqual(listed.map((rule) => rule.name).sort(), ["$Default", "correlation", "sql"]);
  const sql = listed.find((rule) => rule.name === "sql");
  assert.equal(sql.filter.sqlExpression, "a > 1");
  assert.equal(sql.action.sqlExpression, "SET b = 1");
  const correlation = listed.find((rule) => rule.name === "correlation");
  assert.equal(correlation.filter.subject, "s");
  assert.deepEqual({ ...correlation.filter.applicationProperties }, { a: "x" });

  await rules.deleteRule("$Default");
  await rules.deleteRule("correlation");
  await bus.createSender(name).sendMessages([
    { body: 1, applicationProperties: { a: 1 } }, { body: 2, applicationProperties: { a: 2 } }]);
  const receiver = bus.createReceiver(name, each, drained);
  const message = await one(receiver);
  assert.equal(message.body, 2);
  assert.equal(message.applicationProperties.b, 1);
  await none(receiver, 300);
  await assert.rejects(rules.createRule("sql", { sqlExpression: "1=1" }), { code: "MessagingEntityAlreadyExists" });
  await assert.rejects(rules.deleteRule("missing"), { code: "MessagingEntityNotFound" });
  await assert.rejects(rules.createRule("bad", { sqlExpression: "a = " }));
});

test("an updated rule is in force at once", async () => {
  const name = await topic();
  const each = await subscription(name, { sqlExpression: "a = 1" });
  const rule = await admin.getRule(name, each, "only");
  rule.filter = { sqlExpression: "a = 2" };
  await admin.updateRule(name, each, rule);
  await bus.createSender(name).sendMessages([
    { body: 1, applicationProperties: { a: 1 } }, { body: 2, applicationProperties: { a: 2 } }]);
  const receiver = bus.createReceiver(name, each, drained);

  assert.equal((await one(receiver)).body, 2);
  await none(receiver, 300);
});

test("a DLQ of a bus subscription holds what was dead-lettered there", async () => {
  const name = await topic();
  const each = await subscription(name);
  await bus.createSender(name).sendMessages({ body: "bad" });
  const receiver = bus.createReceiver(name, each);
  await receiver.deadLetterMessage(await one(receiver), { deadLetterReason: "why" });

  const dead = await one(bus.createReceiver(name, each, { subQueueType: "deadLetter", ...drained }));

  assert.equal(dead.deadLetterReason, "why");
});

test("forwarding carries a message on, with what its rule did", async () => {
  const target = await queue();
  const middle = await queue({ forwardTo: target });
  const name = await topic();
  await subscription(name, { applicationProperties: { go: true } }, { sqlExpression: "SET via = 'rule'" }, {
    forwardTo: middle,
  });
  await bus.createSender(name).sendMessages({ body: "traveller", messageId: "t", applicationProperties: { go: true } });

  const message = await one(bus.createReceiver(target, drained));

  assert.equal(message.body, "traveller");
  assert.equal(message.messageId, "t");
  assert.equal(message.applicationProperties.via, "rule");
  assert.equal(message.deliveryCount, 0);
});

test("an entity that forwards is not received from, peeked at or scheduled to", async () => {
  const name = await queue({ forwardTo: await queue() });
  const refused = /forwards its messages/;

  await assert.rejects(bus.createReceiver(name).receiveMessages(1, { maxWaitTimeInMs: 1000 }), refused);
  await assert.rejects(bus.createReceiver(name).peekMessages(1), refused);
  await assert.rejects(
    bus.createSender(name).scheduleMessages({ body: "later" }, new Date(Date.now() + 60_000)), refused);
});

test("dead letters are forwarded where the entity says so", async () => {
  const dead = await queue();
  const name = await queue({ forwardDeadLetteredMessagesTo: dead });
  await bus.createSender(name).sendMessages({ body: "bad" });
  const receiver = bus.createReceiver(name);
  await receiver.deadLetterMessage(await one(receiver), { deadLetterReason: "why" });

  const message = await one(bus.createReceiver(dead, drained));

  assert.equal(message.deadLetterReason, "why");
  assert.equal(message.deadLetterSource, name);
});

test("a message passes at most four hops", async () => {
  const end = await queue();
  let next = end;
  const hops = [];
  for (let i = 0; i < 5; i++) {
    next = await queue({ forwardTo: next });
    hops.push(next);
  }
  await bus.createSender(hops[3]).sendMessages({ body: "four" });
  assert.equal((await one(bus.createReceiver(end, drained))).body, "four");
  await bus.createSender(hops[4]).sendMessages({ body: "five" });

  const dead = await one(bus.createReceiver(hops[0], { subQueueType: "deadLetter", ...drained }));

  assert.equal(dead.body, "five");
  assert.equal(dead.deadLetterReason, "MaxTransferHopCountExceeded");
  await none(bus.createReceiver(end, drained));
});

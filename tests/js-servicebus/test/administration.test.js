// The administration client: create, get, list, update, delete, counts, and its errors.
import assert from "node:assert/strict";
import { admin, client, eventually, fresh, one, queue, test, topic } from "../support/bus.js";

const bus = client();
const names = async (list) => {
  const found = [];
  for await (const entity of list) {
    found.push(entity.name ?? entity.subscriptionName);
  }
  return found;
};

test("the namespace describes itself", async () => {
  const namespace = await admin.getNamespaceProperties();

  assert.ok(namespace.name);
  assert.ok(namespace.messagingSku);
});

test("a queue keeps every property it is created with", async () => {
  const target = await queue();
  const name = fresh("Queue.With-All_");
  const options = {
    lockDuration: "PT45S",
    maxSizeInMegabytes: 2048,
    requiresDuplicateDetection: true,
    duplicateDetectionHistoryTimeWindow: "PT5M",
    requiresSession: false,
    defaultMessageTimeToLive: "PT1H",
    deadLetteringOnMessageExpiration: true,
    maxDeliveryCount: 7,
    enableBatchedOperations: false,
    status: "Active",
    userMetadata: 'owner="me" & <you>',
    autoDeleteOnIdle: "PT2H",
  };

  const created = await admin.createQueue(name, options);
  const read = await admin.getQueue(name);

  for (const [property, value] of Object.entries(options)) {
    assert.deepEqual(created[property], value, property);
    assert.deepEqual(read[property], value, property);
  }
  assert.equal(read.name, name);
  const forwarding = fresh("q");
  await admin.createQueue(forwarding, { forwardTo: target, forwardDeadLetteredMessagesTo: target });
  const forward = await admin.getQueue(forwarding);
  assert.match(forward.forwardTo, new RegExp(`(^|/)${target}$`));
  assert.match(forward.forwardDeadLetteredMessagesTo, new RegExp(`(^|/)${target}$`));
});

test("a plain queue has Azure's defaults", async () => {
  const read = await admin.getQueue(await queue());

  assert.equal(read.lockDuration, "PT1M");
  assert.equal(read.maxDeliveryCount, 10);
  assert.equal(read.defaultMessageTimeToLive, "P10675199DT2H48M5.4775807S");
  assert.equal(read.autoDeleteOnIdle, "P10675199DT2H48M5.4775807S");
  assert.equal(read.requiresDuplicateDetection, false);
  assert.equal(read.requiresSession, false);
  assert.equal(read.deadLetteringOnMessageExpiration, false);
  assert.equal(read.status, "Active");
});

test("a queue is updated, exists, and is deleted", async () => {
  const name = await queue();
  const read = await admin.getQueue(name);
  read.maxDeliveryCount = 3;
  read.lockDuration = "PT15S";
  read.userMetadata = "changed";

  const updated = await admin.updateQueue(read);

  assert.equal(updated.maxDeliveryCount, 3);
  const again = await admin.getQueue(name);
  assert.deepEqual([again.maxDeliveryCount, again.lockDuration, again.userMetadata], [3, "PT15S", "changed"]);
  assert.equal(await admin.queueExists(name), true);
  await admin.deleteQueue(name);
  assert.equal(await admin.queueExists(name), false);
  await assert.rejects(admin.getQueue(name), { code: "MessageEntityNotFoundError" });
  await assert.rejects(admin.deleteQueue(name), { statusCode: 404 });
});

test("what Azure makes immutable is refused", async () => {
  const read = await admin.getQueue(await queue());

  await assert.rejects(admin.updateQueue({ ...read, requiresSession: true }));
  await assert.rejects(admin.updateQueue({ ...read, requiresDuplicateDetection: true }));
});

test("creating what exists is a conflict", async () => {
  const name = await queue();

  await assert.rejects(admin.createQueue(name), { statusCode: 409 });
  await assert.rejects(admin.createQueue(name.toUpperCase()), { statusCode: 409 });
  await assert.rejects(admin.createTopic(name), { statusCode: 409 });
});

test("wrong values are refused with a reason", async () => {
  await assert.rejects(admin.createQueue(fresh("q"), { lockDuration: "PT1H" }), { statusCode: 400 });
  await assert.rejects(admin.createQueue(fresh("q"), { maxDeliveryCount: 0 }), { statusCode: 400 });
  await assert.rejects(admin.createSubscription(fresh("missing"), "s"), { statusCode: 404 });
});

test("a topic and its bus subscriptions are created, listed, updated and deleted", async () => {
  const name = await topic({ userMetadata: "mine", defaultMessageTimeToLive: "PT1H" });
  const read = await admin.getTopic(name);
  assert.equal(read.userMetadata, "mine");
  read.userMetadata = "yours";
  await admin.updateTopic(read);
  assert.equal((await admin.getTopic(name)).userMetadata, "yours");
  assert.ok((await names(admin.listTopics())).includes(name));

  await admin.createSubscription(name, "one", {
    maxDeliveryCount: 4, deadLetteringOnFilterEvaluationExceptions: false,
  });
  await admin.createSubscription(name, "two");
  assert.deepEqual((await names(admin.listSubscriptions(name))).sort(), ["one", "two"]);
  const one = await admin.getSubscription(name, "one");
  assert.equal(one.maxDeliveryCount, 4);
  assert.equal(one.deadLetteringOnFilterEvaluationExceptions, false);
  one.maxDeliveryCount = 6;
  assert.equal((await admin.updateSubscription(one)).maxDeliveryCount, 6);
  assert.equal(await admin.subscriptionExists(name, "one"), true);
  await admin.deleteSubscription(name, "one");
  assert.equal(await admin.subscriptionExists(name, "one"), false);
  await assert.rejects(admin.getSubscription(name, "one"), { statusCode: 404 });
  await admin.deleteTopic(name);
  assert.equal(await admin.topicExists(name), false);
});

test("rules keep their filters and actions", async () => {
  const name = await topic();
  await admin.createSubscription(name, "s");
  const [byDefault] = await rules(name);
  assert.equal(byDefault.name, "$Default");
  assert.equal(byDefault.filter.sqlExpression, "1=1");

  await admin.createRule(
    name, "s", "sql", { sqlExpression: "a < 'x' OR b <> \"c d\"" }, { sqlExpression: "SET a = 1" });
  await admin.createRule(name, "s", "correlation", {
    subject: "s", contentType: "c", correlationId: "i", messageId: "m", to: "t", replyTo: "r", sessionId: "ss",
    replyToSessionId: "rs", applicationProperties: { text: "x", real: 1.5, yes: true },
  });

  const sql = await admin.getRule(name, "s", "sql");
  assert.equal(sql.filter.sqlExpression, "a < 'x' OR b <> \"c d\"");
  assert.equal(sql.action.sqlExpression, "SET a = 1");
  const correlation = await admin.getRule(name, "s", "correlation");
  assert.equal(correlation.filter.subject, "s");
  assert.equal(correlation.filter.replyToSessionId, "rs");
  assert.deepEqual({ ...correlation.filter.applicationProperties }, { text: "x", real: 1.5, yes: true });
  assert.deepEqual((await rules(name)).map((rule) => rule.name).sort(), ["$Default", "correlation", "sql"]);
  assert.equal(await admin.ruleExists(name, "s", "sql"), true);
  await admin.deleteRule(name, "s", "sql");
  assert.equal(await admin.ruleExists(name, "s", "sql"), false);
  await assert.rejects(admin.createRule(name, "s", "correlation", { sqlExpression: "1=1" }), { statusCode: 409 });

  async function rules(topicName) {
    const found = [];
    for await (const rule of admin.listRules(topicName, "s")) {
      found.push(rule);
    }
    return found;
  }
});

test("a wrong rule is refused, and the answer says where it is wrong", async () => {
  const name = await topic();
  await admin.createSubscription(name, "s");

  await assert.rejects(
    admin.createRule(name, "s", "bad", { sqlExpression: "color = 'red' AND" }),
    (error) => error.statusCode === 400 && /osition 18/.test(error.message));
  await assert.rejects(
    admin.createRule(name, "s", "bad", { sqlExpression: "1=1" }, { sqlExpression: "SET = 1" }), { statusCode: 400 });
  await assert.rejects(
    admin.createRule(name, "s", "bad", { sqlExpression: `a = '${"x".repeat(1024)}'` }), { statusCode: 400 });
  assert.equal(await admin.ruleExists(name, "s", "bad"), false);
});

test("runtime properties count what is there", async () => {
  const name = await queue();
  const sender = bus.createSender(name);
  await sender.sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
  await sender.scheduleMessages({ body: 4 }, new Date(Date.now() + 3_600_000));
  const receiver = bus.createReceiver(name);
  await receiver.deadLetterMessage(await one(receiver));

  await eventually(async () => {
    const counts = await admin.getQueueRuntimeProperties(name);
    assert.equal(counts.activeMessageCount, 2);
    assert.equal(counts.deadLetterMessageCount, 1);
    assert.equal(counts.scheduledMessageCount, 1);
    assert.ok(counts.sizeInBytes > 0);
  });
  const topicName = await topic();
  await admin.createSubscription(topicName, "s");
  await bus.createSender(topicName).sendMessages([{ body: 1 }, { body: 2 }]);
  await eventually(async () => {
    assert.equal((await admin.getSubscriptionRuntimeProperties(topicName, "s")).activeMessageCount, 2);
    assert.equal((await admin.getTopicRuntimeProperties(topicName)).subscriptionCount, 1);
  });
});

test("long lists come in pages", async () => {
  const prefix = fresh("page");
  const made = Array.from({ length: 25 }, (_, i) => `${prefix}-${String(i).padStart(2, "0")}`);
  await Promise.all(made.map((name) => admin.createQueue(name)));

  // Other tests make and delete queues meanwhile, which moves what the next page begins with: look again then.
  await eventually(async () => {
    const found = [];
    let pages = 0;
    for await (const page of admin.listQueues().byPage({ maxPageSize: 10 })) {
      pages++;
      assert.ok(page.length <= 10);
      found.push(...page.map((each) => each.name));
    }

    assert.ok(pages >= 3);
    assert.deepEqual(found.filter((name) => name.startsWith(prefix)).sort(), made);
    assert.equal(new Set(found).size, found.length);
  });
});

test("an entity that is deleted under a receiver is reported to it", async () => {
  const name = await queue();
  const receiver = bus.createReceiver(name);
  await bus.createSender(name).sendMessages({ body: 1 });
  await receiver.completeMessage(await one(receiver));
  await admin.deleteQueue(name);

  await assert.rejects(bus.createSender(name).sendMessages({ body: 2 }), { code: "MessagingEntityNotFound" });
  await assert.rejects(receiver.receiveMessages(1, { maxWaitTimeInMs: 2_000 }), { code: "MessagingEntityNotFound" });
});

test("a disabled queue takes nothing and gives nothing until it is active again", async () => {
  const name = await queue();
  const read = await admin.getQueue(name);
  await admin.updateQueue({ ...read, status: "Disabled" });
  await assert.rejects(client().createSender(name).sendMessages({ body: 1 }), { code: "MessagingEntityDisabled" });

  await admin.updateQueue({ ...read, status: "Active" });

  await client().createSender(name).sendMessages({ body: 2 });
  assert.equal((await one(client().createReceiver(name))).body, 2);
});

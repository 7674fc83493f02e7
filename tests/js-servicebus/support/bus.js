// The emulator under test: its addresses come from the environment, entities are each test's own.
import { randomUUID } from "node:crypto";
import { after, test as nodeTest } from "node:test";
import { ServiceBusAdministrationClient, ServiceBusClient } from "@azure/service-bus";

function required(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: JavaScriptSdkTests.cs starts the emulator and sets it.`);
  }
  return value;
}

/** Connection string of the AMQP listener. */
export const connection = required("SERVICEBUS_CONNECTION");

/** Connection string whose port is the management listener's. */
export const administrationConnection = required("SERVICEBUS_ADMINISTRATION_CONNECTION");

/** The SDK always builds https addresses for management; so the official emulator's sample patches it alike. */
export function administration() {
  const client = new ServiceBusAdministrationClient(administrationConnection);
  client.getUrl = plainUrl(client.getUrl);
  client.pipeline.addPolicy({
    name: "allowInsecureConnection",
    sendRequest: (request, next) => next(Object.assign(request, { allowInsecureConnection: true })),
  });
  return client;
}

function plainUrl(getUrl) {
  return function (...args) {
    return getUrl.apply(this, args).replace(/^https:/, "http:");
  };
}

/** A client that is closed when the test file ends. */
export function client(connectionString = connection) {
  const opened = new ServiceBusClient(connectionString, {
    retryOptions: { maxRetries: 1, retryDelayInMs: 200, timeoutInMs: 60_000 },
  });
  after(() => opened.close());
  return opened;
}

/** A test with a limit of its own, so that one that hangs does not hide those behind it. */
export const test = (name, body) => nodeTest(name, { timeout: 60_000 }, () => body().catch(unfold));

/** A test of what is not built yet: it must fail, so that whoever builds it makes it a test. */
test.todo = (name, body) => nodeTest(name, { timeout: 60_000, todo: true }, () => body().catch(unfold));

/** The SDK's retries end in an AggregateError, whose parts the test runner would not pass on. */
function unfold(error) {
  throw error instanceof AggregateError ? new Error(error.errors.map((each) => each.stack).join("\n")) : error;
}

export const admin = administration();

/** A name that no other test has. */
export const fresh = (prefix) => `${prefix}-${randomUUID().slice(0, 8)}`;

export async function queue(options = {}) {
  const name = fresh("q");
  await admin.createQueue(name, options);
  return name;
}

export async function topic(options = {}) {
  const name = fresh("t");
  await admin.createTopic(name, options);
  return name;
}

/** One message, or a failure that says where none came from. */
export async function one(receiver, maxWaitTimeInMs = 30_000) {
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs });
  if (!message) {
    throw new Error(`No message from ${receiver.entityPath} within ${maxWaitTimeInMs} ms.`);
  }
  return message;
}

/** Exactly so many messages, however many receives they take. */
export async function several(receiver, count) {
  const messages = [];
  const deadline = Date.now() + 30_000;
  while (messages.length < count && Date.now() < deadline) {
    messages.push(...(await receiver.receiveMessages(count - messages.length, { maxWaitTimeInMs: 5_000 })));
  }
  if (messages.length !== count) {
    throw new Error(`${messages.length} of ${count} messages from ${receiver.entityPath} within 30 s.`);
  }
  return messages;
}

/** Asserts nothing arrives: a short wait, for what would be there already. */
export async function none(receiver, maxWaitTimeInMs = 700) {
  const messages = await receiver.receiveMessages(1, { maxWaitTimeInMs });
  if (messages.length > 0) {
    throw new Error(`${receiver.entityPath} should be empty, but had ${JSON.stringify(messages[0].body)}.`);
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until the check stops throwing; past the deadline its last failure stands. */
export async function eventually(check, deadlineMs = 30_000) {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) {
        throw error;
      }
      await pause(50);
    }
  }
}

// Sends every body and property type with the official SDK, then says how it reads what another client sent.
import { ServiceBusClient } from "@azure/service-bus";
import rhea from "rhea";

const { types } = rhea;
const bus = new ServiceBusClient(process.env.SERVICEBUS_CONNECTION);

const uuid = Buffer.from("00112233445566778899aabbccddeeff", "hex");

const sent = [
  { subject: "data text", body: Buffer.from("héllo") },
  { subject: "data none", body: Buffer.alloc(0) },
  { subject: "data json", body: { a: [1, null, "x"] } },
  { subject: "value string", body: "héllo", bodyType: "value" },
  { subject: "value number", body: 42, bodyType: "value" },
  { subject: "value real", body: 1.5, bodyType: "value" },
  { subject: "value true", body: true, bodyType: "value" },
  { subject: "value null", body: null, bodyType: "value" },
  { subject: "value map", body: { a: 1, b: { c: "d" }, e: [true, null] }, bodyType: "value" },
  { subject: "value list", body: types.wrap_list([1, "two", null, types.wrap_list([3])]), bodyType: "value" },
  { subject: "value uuid", body: types.wrap_uuid(uuid), bodyType: "value" },
  { subject: "sequence", body: [1, "two", null, { three: 3 }], bodyType: "sequence" },
  {
    subject: "properties",
    body: Buffer.from("x"),
    applicationProperties: {
      string: "ünï",
      symbol: types.wrap_symbol("sym"),
      true: true,
      false: false,
      null: null,
      byte: types.wrap_byte(-5),
      ubyte: types.wrap_ubyte(200),
      short: types.wrap_short(-3000),
      ushort: types.wrap_ushort(60000),
      int: types.wrap_int(-70000),
      uint: types.wrap_uint(4000000000),
      long: types.wrap_long(-5000000000),
      ulong: types.wrap_ulong(5000000000),
      float: types.wrap_float(1.5),
      double: 2.25,
      char: types.wrap_char("ü".codePointAt(0)),
      date: new Date("2026-01-02T03:04:05.678Z"),
      uuid: types.wrap_uuid(uuid),
      binary: types.wrap_binary(Buffer.from([0, 1, 255])),
      timespan: types.wrap_described(types.wrap_long(900000000), "com.microsoft:timespan"),
    },
  },
];

/** A value in words, with its kind, so that 1 and "1" and a date of the same number differ. */
function say(value) {
  if (value === null || value === undefined) {
    return "null";
  }
  if (Buffer.isBuffer(value)) {
    return `bytes ${value.toString("hex")}`;
  }
  if (value instanceof Date) {
    return `date ${value.toISOString()}`;
  }
  if (value.descriptor !== undefined) {
    return `described ${value.descriptor.value ?? value.descriptor} ${say(value.value ?? value.content)}`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(say).join(", ")}]`;
  }
  if (typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) => `${key}: ${say(value[key])}`).join(", ")}}`;
  }
  return `${typeof value} ${value}`;
}

try {
  const sender = bus.createSender(process.env.FROM_JS);
  for (const message of sent) {
    // With a bodyType the SDK takes it for an AmqpAnnotatedMessage, which has its subject elsewhere.
    await sender.sendMessages(message.bodyType ? { ...message, properties: { subject: message.subject } } : message);
  }

  const receiver = bus.createReceiver(process.env.TO_JS, {
    receiveMode: "receiveAndDelete", skipConvertingDate: true, skipParsingBodyAsJson: true,
  });
  for (let left = Number(process.env.COUNT); left > 0;) {
    const messages = await receiver.receiveMessages(left, { maxWaitTimeInMs: 30_000 });
    if (messages.length === 0) {
      throw new Error(`${left} messages are missing`);
    }
    left -= messages.length;
    for (const message of messages) {
      const type = message._rawAmqpMessage.bodyType;
      console.log(`${message.subject} = ${type} ${say(message.body)}`);
      for (const [name, value] of Object.entries(message.applicationProperties ?? {})) {
        console.log(`${message.subject}.${name} = ${say(value)}`);
      }
    }
  }
} finally {
  await bus.close();
}

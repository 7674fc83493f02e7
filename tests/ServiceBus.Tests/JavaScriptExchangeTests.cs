// Every body and property type: written by the official JavaScript SDK and read by us, and the other way round.
using System.Collections;
using System.Globalization;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class JavaScriptExchangeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Guid Id = new("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public async Task Types_WrittenByOne_AreReadByTheOther()
    {
        var project = new NodeProject("js-servicebus");
        await project.Install();
        using var folder = new TempFolder();
        await using var emulator = await ServiceBusEmulator.StartAsync(
            new() { DataFolder = folder.Path }, CancellationToken.None);
        var administration = new ServiceBusAdministrationClient(emulator.ManagementConnectionString);
        await administration.CreateQueueAsync("from-js");
        await administration.CreateQueueAsync("to-js");
        await using var client = new ServiceBusClient(emulator.ConnectionString);
        await using var sender = client.CreateSender("to-js");
        var ours = Messages().ToList();
        await sender.SendMessagesAsync(ours);

        var read = await project.Script("interop/exchange.js", new Dictionary<string, string>
        {
            ["SERVICEBUS_CONNECTION"] = emulator.ConnectionString,
            ["FROM_JS"] = "from-js",
            ["TO_JS"] = "to-js",
            ["COUNT"] = ours.Count.ToString(CultureInfo.InvariantCulture),
        });

        Assert.Equal(string.Join('\n', ReadByJavaScript), string.Join('\n', read));
        Assert.Equal(string.Join('\n', ReadByUs), string.Join('\n', await ReadAsync(client, "from-js")));
    }

    private static readonly string[] ReadByJavaScript =
    [
        "text = data bytes 68c3a96c6c6f",
        "value string = value string héllo",
        "value number = value number 42",
        "value null = value null",
        "value map = value {a: number 1, b: [boolean true, null, {c: string d}]}",

        // The JavaScript SDK takes any value of bytes for data.
        "value bytes = data bytes 00ff",
        "value guid = data bytes 00112233445566778899aabbccddeeff",
        "sequence = sequence [number 1, string two, null, [number 3]]",
        "properties = data bytes ",
        "properties.string = string ünï",
        "properties.bool = boolean true",
        "properties.byte = number 200",
        "properties.sbyte = number -5",
        "properties.short = number -3000",
        "properties.ushort = number 60000",
        "properties.int = number -70000",
        "properties.uint = number 4000000000",
        "properties.long = number -5000000000",
        "properties.ulong = number 5000000000",
        "properties.float = number 1.5",
        "properties.double = number 2.25",
        "properties.char = number 252",
        "properties.guid = bytes 00112233445566778899aabbccddeeff",
        "properties.bytes = bytes 0001ff",
        "properties.time = date 2026-01-02T03:04:05.678Z",

        // Beyond 2^53 it keeps the bytes of a long: these are the ticks.
        "properties.offset = described com.microsoft:datetime-offset bytes 08de49ab971e74e0",
        "properties.span = described com.microsoft:timespan number 900000000",
        "properties.uri = described com.microsoft:uri string https://example.com/x",
    ];

    private static readonly string[] ReadByUs =
    [
        "data text = Data héllo",
        "data none = Data ",
        "data json = Data {\"a\":[1,null,\"x\"]}",
        "value string = Value String héllo",
        "value number = Value UInt32 42",
        "value real = Value Double 1.5",
        "value true = Value Boolean True",
        "value null = Value null",
        "value map = Value {a: UInt32 1, b: {c: String d}, e: [Boolean True, null]}",
        "value list = Value [UInt32 1, String two, null, [UInt32 3]]",
        "value uuid = Value Guid 00112233-4455-6677-8899-aabbccddeeff",
        "sequence = Sequence [UInt32 1, String two, null, {three: UInt32 3}]",
        "properties = Data x",
        "properties.string = String ünï",
        "properties.symbol = String sym",
        "properties.true = Boolean True",
        "properties.false = Boolean False",
        "properties.null = null",
        "properties.byte = SByte -5",
        "properties.ubyte = Byte 200",
        "properties.short = Int16 -3000",
        "properties.ushort = UInt16 60000",
        "properties.int = Int32 -70000",
        "properties.uint = UInt32 4000000000",
        "properties.long = Int64 -5000000000",
        "properties.ulong = UInt64 5000000000",
        "properties.float = Single 1.5",
        "properties.double = Double 2.25",
        "properties.char = Char ü",
        "properties.date = DateTime 2026-01-02T03:04:05.6780000Z",
        "properties.uuid = Guid 00112233-4455-6677-8899-aabbccddeeff",
        "properties.binary = bytes 0001FF",
        "properties.timespan = TimeSpan 00:01:30",
    ];

    private static IEnumerable<ServiceBusMessage> Messages()
    {
        yield return new("héllo") { Subject = "text" };
        yield return Structured("value string", AmqpMessageBody.FromValue("héllo"));
        yield return Structured("value number", AmqpMessageBody.FromValue(42));
        yield return Structured("value null", AmqpMessageBody.FromValue(null));
        yield return Structured("value map", AmqpMessageBody.FromValue(new Dictionary<string, object?>
        {
            ["a"] = 1,
            ["b"] = new List<object?> { true, null, new Dictionary<string, object> { ["c"] = "d" } },
        }));
        yield return Structured("value bytes", AmqpMessageBody.FromValue((byte[])[0, 255]));
        yield return Structured("value guid", AmqpMessageBody.FromValue(Id));
        yield return Structured("sequence", AmqpMessageBody.FromSequence([1, "two", null, new List<int> { 3 }]));
        yield return new()
        {
            Subject = "properties",
            ApplicationProperties =
            {
                ["string"] = "ünï", ["bool"] = true, ["byte"] = (byte)200, ["sbyte"] = (sbyte)-5,
                ["short"] = (short)-3000, ["ushort"] = (ushort)60000, ["int"] = -70000, ["uint"] = 4000000000,
                ["long"] = -5000000000, ["ulong"] = 5000000000UL, ["float"] = 1.5f, ["double"] = 2.25,
                ["char"] = 'ü', ["guid"] = Id, ["bytes"] = (byte[])[0, 1, 255], ["time"] = Time.UtcDateTime,
                ["offset"] = Time, ["span"] = TimeSpan.FromSeconds(90), ["uri"] = new Uri("https://example.com/x"),
            },
        };
    }

    private static ServiceBusMessage Structured(string subject, AmqpMessageBody body) =>
        new() { Subject = subject, RawBody = body };

    private static async Task<List<string>> ReadAsync(ServiceBusClient client, string queue)
    {
        await using var receiver = client.CreateReceiver(
            queue, new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        var lines = new List<string>();
        while (lines.Count < ReadByUs.Length && await receiver.ReceiveMessageAsync(Patience) is { } message)
        {
            var body = message.RawBody;
            lines.Add($"{message.Subject} = {body.BodyType} " + (
                body.TryGetValue(out var value) ? Say(value)
                : body.TryGetSequence(out var sequence) ? Say(sequence)
                : message.Body.ToString()));
            lines.AddRange(message.ApplicationProperties.Select(
                property => $"{message.Subject}.{property.Key} = {Say(property.Value)}"));
        }

        return lines;
    }

    private static string Say(object? value) => value switch
    {
        null => "null",
        byte[] bytes => $"bytes {Convert.ToHexString(bytes)}",
        DateTime time => $"DateTime {time:O}",
        IDictionary map => "{" + string.Join(", ", map.Keys.Cast<object>().OrderBy(key => key)
            .Select(key => $"{key}: {Say(map[key])}")) + "}",
        IList list => "[" + string.Join(", ", list.Cast<object?>().Select(Say)) + "]",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value.GetType().Name} {value}"),
    };
}

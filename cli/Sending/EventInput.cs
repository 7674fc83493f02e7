// Events in the CloudEvents JSON format: from the command line, a file or standard input.
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Cli.Output;

namespace ServerlessEventing.Cli.Sending;

/// <summary>Events are JSON objects here: what is missing of the required attributes is filled in.</summary>
internal static class EventInput
{
    private const string Json = "application/json";

    /// <summary><paramref name="count"/> events of one kind; more than one have their number at the id.</summary>
    public static async IAsyncEnumerable<JsonObject> RepeatAsync(
        JsonObject template, int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var n = 1; n <= count; n++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var one = (JsonObject)template.DeepClone();
            one["id"] = count == 1 ? (string)template["id"]! : $"{template["id"]}-{n}";
            yield return one;
        }

        await Task.CompletedTask;
    }

    /// <summary>
    /// The events of a file, or of standard input for <c>-</c>, as they come: objects one after the other, on lines of
    /// their own or not, and arrays of them. <paramref name="usual"/> has what they leave out.
    /// </summary>
    public static async IAsyncEnumerable<JsonObject> ReadAsync(
        string file, JsonObject usual, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = Open(file);
        var values = JsonSerializer.DeserializeAsyncEnumerable<JsonNode>(
            stream, topLevelValues: true, cancellationToken: cancellationToken);
        await using var reader = values.GetAsyncEnumerator(cancellationToken);
        for (var n = 1; await MoveAsync(reader, file, n); n++)
        {
            foreach (var item in reader.Current is JsonArray many ? many.ToArray() : [reader.Current])
            {
                var one = item as JsonObject ?? throw new CommandException(
                    $"{file}: value {n} is {item?.GetValueKind().ToString() ?? "null"}; an event is an object");
                yield return WithUsual(one, usual);
            }
        }
    }

    /// <summary>Sets <c>data</c> or <c>data_base64</c> from text, or from a file that <c>@</c> stands before.</summary>
    public static async Task SetDataAsync(
        JsonObject target, string data, string contentType, CancellationToken cancellationToken)
    {
        target["datacontenttype"] = contentType;
        var bytes = data.StartsWith('@')
            ? File.Exists(data[1..])
                ? await File.ReadAllBytesAsync(data[1..], cancellationToken)
                : throw new CommandException($"--data: no file {data[1..]}")
            : Encoding.UTF8.GetBytes(data);
        if (!IsJson(contentType))
        {
            target["data_base64"] = Convert.ToBase64String(bytes);
            return;
        }

        try
        {
            target["data"] = JsonNode.Parse(bytes);
        }
        catch (JsonException malformed)
        {
            throw new CommandException(
                $"--data: not JSON: {malformed.Message} Other data needs its --content-type, as text/plain.");
        }
    }

    /// <summary>Whether a media type means JSON.</summary>
    public static bool IsJson(string contentType) => contentType.Split(';')[0].Trim() is var type
        && (type.EndsWith("/json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    /// <summary>The media type of an event's data.</summary>
    public static string ContentTypeOf(JsonObject sent) => (string?)sent["datacontenttype"] ?? Json;

    private static Stream Open(string file) => file == "-" ? Console.OpenStandardInput()
        : File.Exists(file) ? File.OpenRead(file)
        : throw new CommandException($"--event: no file {file}");

    private static async Task<bool> MoveAsync(IAsyncEnumerator<JsonNode?> reader, string file, int n)
    {
        try
        {
            return await reader.MoveNextAsync();
        }
        catch (JsonException malformed)
        {
            throw new CommandException($"{file}: value {n}: {Terminal.Printable(malformed.Message)}");
        }
    }

    private static JsonObject WithUsual(JsonObject read, JsonObject usual)
    {
        var complete = (JsonObject)read.DeepClone();
        foreach (var (name, value) in usual.Where(pair => complete[pair.Key] is null && pair.Key != "id"))
        {
            complete[name] = value?.DeepClone();
        }

        complete["id"] ??= Guid.CreateVersion7().ToString();
        return complete;
    }
}

// Where a sample event comes from: a JSON file, JSON handed over, and attributes given as name=value.
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Filters;

namespace ServerlessEventing.Cli.Filters;

/// <summary>Reads an event's attributes as the texts that filters see. Data is not looked at.</summary>
internal static class EventSource
{
    private const long MaxFileBytes = 4 * 1024 * 1024;

    /// <summary>An event in the CloudEvents JSON format, with further or other attributes on top.</summary>
    public static async Task<AttributeDictionary> ReadAsync(
        string? file, IEnumerable<string> pairs, CancellationToken cancellationToken)
    {
        var attributes = file is null ? [] : await ReadFileAsync(file, cancellationToken);
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                throw new CommandException($"--attribute: \"{pair}\" is not name=value");
            }

            attributes[pair[..equals]] = pair[(equals + 1)..];
        }

        return new AttributeDictionary(attributes);
    }

    /// <summary>The attributes in a JSON object, or what is wrong with it.</summary>
    public static Dictionary<string, string?>? Of(JsonNode? content, out string? problem)
    {
        problem = null;
        if (content is not JsonObject members)
        {
            problem = "expected the event as an object of attributes";
            return null;
        }

        var attributes = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in members)
        {
            if (name is "data" or "data_base64" || value is null)
            {
                continue;
            }

            switch (value.GetValueKind())
            {
                case JsonValueKind.String:
                    attributes[name] = value.GetValue<string>();
                    break;
                case JsonValueKind.True or JsonValueKind.False:
                    attributes[name] = value.GetValueKind() == JsonValueKind.True ? "true" : "false";
                    break;
                case JsonValueKind.Number when int.TryParse(
                    value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number):
                    attributes[name] = number.ToString(CultureInfo.InvariantCulture);
                    break;
                default:
                    problem = $"attribute \"{name}\": expected a text, a whole number of 32 bits, true or false";
                    return null;
            }
        }

        return attributes;
    }

    private static async Task<Dictionary<string, string?>> ReadFileAsync(
        string file, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
        {
            throw new CommandException($"--event: no file {file}");
        }

        if (new FileInfo(file).Length > MaxFileBytes)
        {
            throw new CommandException($"--event: {file} is larger than {MaxFileBytes / 1024 / 1024} MB");
        }

        try
        {
            var content = JsonNode.Parse(await File.ReadAllTextAsync(file, cancellationToken));
            return Of(content, out var problem) ?? throw new CommandException($"{file}: {problem}");
        }
        catch (Exception malformed) when (malformed is JsonException or ArgumentException)
        {
            throw new CommandException($"{file}: not a JSON object: {malformed.Message}");
        }
    }
}

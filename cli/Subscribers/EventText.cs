// A CloudEvent as Knative's event-display prints it.
using System.Text;
using System.Text.Json;
using ServerlessEventing.Cli.Output;

namespace ServerlessEventing.Cli.Subscribers;

/// <summary>
/// The attributes in the order of the Go SDK's text form, then the extensions by name, then the data; JSON data is
/// indented. What a terminal would act on is shown as a dot.
/// </summary>
internal static class EventText
{
    private const int MaxData = 4_000;

    private static readonly string[] Attributes =
        ["specversion", "type", "source", "subject", "id", "time", "dataschema", "datacontenttype"];

    public static string Of(ReceivedEvent received)
    {
        var text = new StringBuilder("☁️  cloudevents.Event\nContext Attributes,\n");
        foreach (var name in Attributes.Where(received.Attributes.ContainsKey))
        {
            Line(text, name, received.Attributes[name]);
        }

        var extensions = received.Attributes.Where(pair => !Attributes.Contains(pair.Key)).ToList();
        text.Append(extensions.Count > 0 ? "Extensions,\n" : "");
        foreach (var (name, value) in extensions)
        {
            Line(text, name, value);
        }

        if (received.Data.Length > 0)
        {
            text.Append(received.IsBinary ? "Data (binary),\n" : "Data,\n");
            foreach (var line in Data(received).Split('\n'))
            {
                text.Append($"  {Terminal.Printable(line, MaxData)}\n");
            }
        }

        return text.ToString().TrimEnd('\n');
    }

    private static void Line(StringBuilder text, string name, string value) =>
        text.Append($"  {name}: {Terminal.Printable(value)}\n");

    private static string Data(ReceivedEvent received)
    {
        var shown = received.Data.Length > MaxData ? received.Data.AsSpan(0, MaxData) : received.Data;
        if (shown.Length == received.Data.Length && received.IsJson)
        {
            try
            {
                using var document = JsonDocument.Parse(received.Data);
                return Encoding.UTF8.GetString(IndentedBytes(document));
            }
            catch (JsonException)
            {
                // It says JSON and is not; shown as it came.
            }
        }

        return Encoding.UTF8.GetString(shown) + (shown.Length < received.Data.Length ? "…" : "");
    }

    private static byte[] IndentedBytes(JsonDocument document)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions
        {
            Indented = true,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }))
        {
            document.WriteTo(writer);
        }

        return stream.ToArray();
    }
}

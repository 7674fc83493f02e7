// In which of the forms of the HTTP binding a message carries its event, told by Content-Type alone.
namespace ServerlessEventing.Functions.CloudEvents;

/// <summary>CloudEvents HTTP protocol binding 1.0.2, sections 1.3 and 3.</summary>
internal enum ContentMode
{
    Binary,
    StructuredJson,
    UnknownStructured,
    Batch,
}

internal static class ContentModes
{
    public const string StructuredJsonType = "application/cloudevents+json";

    public const string JsonBatchType = "application/cloudevents-batch+json";

    private const string Structured = "application/cloudevents";
    private const string Batch = "application/cloudevents-batch";

    public static ContentMode Of(ReadOnlySpan<char> contentType)
    {
        if (!contentType.StartsWith(Structured, StringComparison.OrdinalIgnoreCase))
        {
            return ContentMode.Binary;
        }

        if (contentType.StartsWith(Batch, StringComparison.OrdinalIgnoreCase))
        {
            return ContentMode.Batch;
        }

        var essence = MediaTypes.Essence(contentType);
        return essence.Equals(StructuredJsonType, StringComparison.OrdinalIgnoreCase)
            || essence.Equals(Structured, StringComparison.OrdinalIgnoreCase)
            ? ContentMode.StructuredJson
            : ContentMode.UnknownStructured;
    }

    /// <summary>Whether a batch is in the JSON format; no other is read.</summary>
    public static bool IsJsonBatch(ReadOnlySpan<char> contentType) =>
        MediaTypes.Essence(contentType) is var essence
        && (essence.Equals(JsonBatchType, StringComparison.OrdinalIgnoreCase)
            || essence.Equals(Batch, StringComparison.OrdinalIgnoreCase));
}

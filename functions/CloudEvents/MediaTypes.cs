// The few questions we ask of a media type.
namespace ServerlessEventing.Functions.CloudEvents;

internal static class MediaTypes
{
    /// <summary>The type without its parameters.</summary>
    public static ReadOnlySpan<char> Essence(ReadOnlySpan<char> mediaType)
    {
        var end = mediaType.IndexOf(';');
        return (end < 0 ? mediaType : mediaType[..end]).Trim();
    }

    /// <summary>Whether structured JSON has data of this type as the value itself (JSON format 1.0.2, 3.1).</summary>
    public static bool IsJson(ReadOnlySpan<char> mediaType)
    {
        var essence = Essence(mediaType);
        return essence.EndsWith("/json", StringComparison.OrdinalIgnoreCase)
            || essence.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether data of this type is text in UTF-8.</summary>
    public static bool IsUtf8Text(ReadOnlySpan<char> mediaType)
    {
        var essence = Essence(mediaType);
        if (!essence.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            && !essence.Equals("application/xml", StringComparison.OrdinalIgnoreCase)
            && !essence.EndsWith("+xml", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var charset = mediaType.IndexOf("charset=", StringComparison.OrdinalIgnoreCase);
        return charset < 0
            || mediaType[(charset + 8)..].TrimStart('"').StartsWith("utf-8", StringComparison.OrdinalIgnoreCase);
    }
}

// Dead letters as lines for people; everything in them came from outside.
using System.Globalization;
using System.Text;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Cli.DeadLetters;

internal static class DeadLetterText
{
    private const int LineLimit = 1000;
    private const int DataLimit = 4096;

    public static string Count(int count) =>
        count == 1 ? "1 dead letter" : string.Create(CultureInfo.InvariantCulture, $"{count} dead letters");

    /// <summary>The one line that tells what it is and why it is here.</summary>
    public static string Line(DeadLetter letter)
    {
        var error = letter.ErrorDestination is null
            ? ""
            : $" {letter.ErrorDestination} answered {letter.ErrorCode}";
        return Terminal.Printable(
            $"{letter.EnqueuedTime:u} {letter.EventType} id {letter.EventId} for "
                + $"{letter.Trigger ?? "egress " + letter.Egress}: {letter.Reason}{error}",
            LineLimit);
    }

    /// <summary>Everything about it: reason first, then each property, then the data as far as it is text.</summary>
    public static IEnumerable<string> Whole(ServiceBusReceivedMessage message)
    {
        var letter = DeadLetter.Of(message);
        yield return Terminal.Bold(Line(letter));
        if (letter.Detail is not null)
        {
            yield return "  " + Terminal.Printable(letter.Detail, LineLimit);
        }

        foreach (var (name, value) in message.ApplicationProperties.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var text = name == MessageProperties.ErrorData ? Decoded(value as string) : value.ToString();
            yield return Terminal.Printable($"  {name}: {text}", LineLimit);
        }

        if (message.ContentType is not null)
        {
            yield return Terminal.Printable($"  content-type: {message.ContentType}", LineLimit);
        }

        var bytes = message.Body.ToMemory();
        yield return string.Create(CultureInfo.InvariantCulture, $"  data, {bytes.Length} bytes:");
        yield return "  " + Terminal.Printable(
            Encoding.UTF8.GetString(bytes.Span[..Math.Min(bytes.Length, DataLimit)]), DataLimit);
    }

    private static string? Decoded(string? base64)
    {
        var bytes = new byte[base64?.Length ?? 0];
        return Convert.TryFromBase64String(base64 ?? "", bytes, out var written)
            ? Encoding.UTF8.GetString(bytes, 0, written)
            : base64;
    }
}

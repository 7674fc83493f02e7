// Turns AMQP's special property types into plain .NET values, and back into something the encoder takes.
using System.Globalization;
using Amqp.Types;

namespace ServerlessEventing.Local.ServiceBus.Wire;

/// <summary>Property values as a rule sees them.</summary>
internal static class PlainValue
{
    public static object? From(object? value) => value switch
    {
        Symbol symbol => (string)symbol,
        DescribedValue { Value: { } inner } described => FromDescribed(described.Descriptor?.ToString(), inner),
        _ => value,
    };

    /// <summary>What <c>Encoder.WriteObject</c> accepts for a value that a rule's action produced.</summary>
    public static object? ToWire(object? value) => value switch
    {
        TimeSpan span => new DescribedValue(new Symbol("com.microsoft:timespan"), span.Ticks),
        Uri uri => new DescribedValue(new Symbol("com.microsoft:uri"), uri.ToString()),
        DateTimeOffset time => new DescribedValue(new Symbol("com.microsoft:datetime-offset"), time.UtcTicks),
        decimal number => (double)number,
        _ => value,
    };

    /// <summary>For AMQP fields that only hold text.</summary>
    public static string? Text(object? value) => value switch
    {
        null => null,
        bool flag => flag ? "true" : "false",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    private static object FromDescribed(string? descriptor, object inner) => (descriptor, inner) switch
    {
        ("com.microsoft:timespan", long ticks) => new TimeSpan(ticks),
        ("com.microsoft:datetime-offset", long ticks) => new DateTimeOffset(ticks, TimeSpan.Zero),
        _ => inner,
    };
}

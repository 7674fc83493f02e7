// Says where a rule's text is wrong and what belongs there.
using System.Globalization;

namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>A filter or action that cannot be read.</summary>
public sealed class RuleSyntaxException : Exception
{
    public RuleSyntaxException(int position, string expected, string found)
        : base(string.Create(CultureInfo.InvariantCulture, $"Position {position}: expected {expected}, found {found}."))
    {
        Position = position;
        Expected = expected;
    }

    /// <summary>The 1-based place in the text.</summary>
    public int Position { get; }

    /// <summary>What would have been right there.</summary>
    public string Expected { get; }
}

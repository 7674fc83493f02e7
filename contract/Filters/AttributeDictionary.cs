// An event's attributes in a dictionary: for tools that take them as options.
namespace ServerlessEventing.Contract.Filters;

/// <summary>Attributes held in a dictionary; a null or missing entry is an attribute the event does not have.</summary>
public sealed class AttributeDictionary(IReadOnlyDictionary<string, string?> attributes) : IEventAttributes
{
    /// <inheritdoc/>
    public bool TryGet(string name, out ReadOnlySpan<char> value)
    {
        var found = attributes.TryGetValue(name, out var text) && text is not null;
        value = text;
        return found;
    }
}

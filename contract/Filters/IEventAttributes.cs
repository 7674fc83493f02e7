// What a filter may ask an event: the text of one attribute.
namespace ServerlessEventing.Contract.Filters;

/// <summary>The attributes of one event as filters see them: canonical texts, looked up by name.</summary>
public interface IEventAttributes
{
    /// <summary>The attribute's text; false when the event does not have it. Allocates nothing.</summary>
    bool TryGet(string name, out ReadOnlySpan<char> value);
}

// The Trigger's old filter.attributes: equal, and "" asks only for "there and not empty".
namespace ServerlessEventing.Contract.Filters;

internal sealed class AttributesFilter(AttributeText[] expected) : CompiledFilter
{
    public override bool Passes(IEventAttributes attributes)
    {
        foreach (var (name, text) in expected)
        {
            if (!attributes.TryGet(name, out var value)
                || (text.Length == 0 ? value.IsEmpty : !value.SequenceEqual(text)))
            {
                return false;
            }
        }

        return true;
    }
}

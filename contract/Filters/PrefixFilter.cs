// The prefix dialect: every attribute named is there and starts with its text, case-sensitively.
namespace ServerlessEventing.Contract.Filters;

internal sealed class PrefixFilter(AttributeText[] expected) : CompiledFilter
{
    public override bool Passes(IEventAttributes attributes)
    {
        foreach (var (name, text) in expected)
        {
            if (!attributes.TryGet(name, out var value) || !value.StartsWith(text, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }
}

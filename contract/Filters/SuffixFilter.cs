// The suffix dialect: every attribute named is there and ends with its text, case-sensitively.
namespace ServerlessEventing.Contract.Filters;

internal sealed class SuffixFilter(AttributeText[] expected) : CompiledFilter
{
    public override bool Passes(IEventAttributes attributes)
    {
        foreach (var (name, text) in expected)
        {
            if (!attributes.TryGet(name, out var value) || !value.EndsWith(text, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }
}

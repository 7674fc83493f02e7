// The exact dialect: every attribute named is there and equals its text, case-sensitively.
namespace ServerlessEventing.Contract.Filters;

internal sealed class ExactFilter(AttributeText[] expected) : CompiledFilter
{
    public override bool Passes(IEventAttributes attributes)
    {
        foreach (var (name, text) in expected)
        {
            if (!attributes.TryGet(name, out var value) || !value.SequenceEqual(text))
            {
                return false;
            }
        }

        return true;
    }
}

// The any dialect: at least one filter passes.
namespace ServerlessEventing.Contract.Filters;

internal sealed class AnyFilter(CompiledFilter[] filters) : CompiledFilter
{
    public override bool Passes(IEventAttributes attributes)
    {
        foreach (var filter in filters)
        {
            if (filter.Passes(attributes))
            {
                return true;
            }
        }

        return false;
    }
}

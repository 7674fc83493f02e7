// The all dialect: every filter passes.
namespace ServerlessEventing.Contract.Filters;

internal sealed class AllFilter(CompiledFilter[] filters) : CompiledFilter
{
    public override bool Passes(IEventAttributes attributes)
    {
        foreach (var filter in filters)
        {
            if (!filter.Passes(attributes))
            {
                return false;
            }
        }

        return true;
    }
}

// The not dialect: the filter inside does not pass.
namespace ServerlessEventing.Contract.Filters;

internal sealed class NotFilter(CompiledFilter filter) : CompiledFilter
{
    public override bool Passes(IEventAttributes attributes) => !filter.Passes(attributes);
}

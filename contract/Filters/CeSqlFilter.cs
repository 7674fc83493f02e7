// The cesql dialect: the expression is TRUE for the event, without any error.
using ServerlessEventing.Contract.Filters.Cesql;

namespace ServerlessEventing.Contract.Filters;

internal sealed class CeSqlFilter(CeSqlExpression expression) : CompiledFilter
{
    public override bool Passes(IEventAttributes attributes) => expression.Passes(attributes);
}

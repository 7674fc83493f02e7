// What of CloudEvents SQL becomes a rule, and that the bus's own engine never keeps an event out that passes.
using CsCheck;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Tests.ServiceBus;

public sealed class CeSqlRuleTests
{
    [Theory]
    [InlineData("type = 'a'", "correlation:cloudEvents_type=a")]
    [InlineData("'a' = type AND source = '/s'", "correlation:cloudEvents_source=/s\u001fcloudEvents_type=a")]
    [InlineData("type = 'a' AND INT(n) > 3", "sql:cloudEvents_type = 'a' AND EXISTS(cloudEvents_n)")]
    [InlineData("type IN ('a', \"it's\", 5)", "sql:cloudEvents_type IN ('a', 'it''s', '5')")]
    [InlineData("type = 'a' OR type = 'b' OR type = 'c'", "sql:cloudEvents_type IN ('a', 'b', 'c')")]
    [InlineData("subject LIKE 'x%'", "sql:cloudEvents_subject LIKE 'x%'")]
    [InlineData("subject LIKE 'a_b\\%c\\_[%'", "sql:cloudEvents_subject LIKE 'a%b_c__%'")]
    [InlineData("subject NOT LIKE 'x%'", "sql:EXISTS(cloudEvents_subject)")]
    [InlineData("source NOT LIKE 'x%'", "true")]
    [InlineData("EXISTS region", "sql:EXISTS(cloudEvents_region)")]
    [InlineData("NOT EXISTS region", "sql:NOT (EXISTS(cloudEvents_region))")]
    [InlineData("EXISTS subject OR UPPER(type) = 'A'", "true")]
    [InlineData("sequence = 5", "sql:EXISTS(cloudEvents_sequence)")]
    [InlineData("type != 'a'", "sql:NOT (EXISTS(cloudEvents_type) AND cloudEvents_type = 'a')")]
    [InlineData("NOT (type = 'a')", "sql:NOT (EXISTS(cloudEvents_type) AND cloudEvents_type = 'a')")]
    [InlineData("type = 'a' AND EXISTS x OR EXISTS y",
        "sql:cloudEvents_type = 'a' AND (EXISTS(cloudEvents_x) OR EXISTS(cloudEvents_y))")]
    [InlineData("EXISTS x XOR EXISTS y", "sql:EXISTS(cloudEvents_x) OR EXISTS(cloudEvents_y)")]
    [InlineData("time = '2026-01-01T00:00:00Z'", "true")]
    [InlineData("TRUE", "true")]
    [InlineData("no expression", "true")]
    public void Compile_Expression_IsTheRule(string expression, string rule) =>
        Assert.Equal(rule, RuleCompiler.Compile([new FilterExpression { CeSql = expression }]).ToString());

    [Fact]
    public void Compile_NotOfCeSql_IsLeftToTheFunction() => Assert.Equal(
        BusRule.Everything,
        RuleCompiler.Compile([new FilterExpression { Not = new FilterExpression { CeSql = "type = 'a'" } }]));

    [Fact]
    public void Compile_ThousandsOfTerms_EndsInEverything()
    {
        var text = string.Join(" OR ", Enumerable.Range(0, 1000).Select(n => $"id='{n}'"));
        Assert.Equal(BusRule.Everything, RuleCompiler.Compile([new FilterExpression { CeSql = text }]));
        text = string.Concat(Enumerable.Range(0, 500).Select(n => $"id='{n}' OR id='x' AND ")) + "TRUE";
        Assert.Equal(BusRule.Everything, RuleCompiler.Compile([new FilterExpression { CeSql = text }]));
    }

    [Fact]
    public void Compile_AnyExpressionAndEvent_NeverKeepsAMatchOut()
    {
        var passed = 0;
        var kept = 0;
        Gen.Select(Expression(3), RuleCompilerTests.Event()).Sample(
            (expression, attributes) =>
            {
                FilterExpression[] filters = [new() { CeSql = expression }];
                var passes = FilterOracle.Delivers(filters, attributes);
                var matches = RuleCompilerTests.Engine(RuleCompiler.Compile(filters))
                    .Matches(new RuleCompilerTests.Properties(attributes));
                Interlocked.Add(ref passed, passes ? 1 : 0);
                Interlocked.Add(ref kept, matches ? 0 : 1);
                return !passes || matches;
            },
            iter: 40_000);

        // Or else the test would say nothing.
        Assert.True(passed > 4_000 && kept > 4_000, $"{passed} passed, {kept} kept out");
    }

    internal static Gen<string> Expression(int depth)
    {
        var name = OneOf("type", "subject", "region", "datacontenttype", "time", "source");
        var value = OneOf(
            "a", "A", "ab", "b", "%", "_", "it''s", "a[b", "application/json", "", "a%", "%b", "_b", "\\%x");
        var text = value.Select(one => one.Contains('\'', StringComparison.Ordinal) ? "\"it's\"" : $"'{one}'");
        var literal = Gen.OneOf(text, OneOf("5", "TRUE", "FALSE", "0"));
        var operand = Gen.OneOf(name, name, literal, name.Select(one => $"LENGTH({one})"));
        var leaf = Gen.OneOf(
            Gen.Select(name, OneOf("=", "!=", "<>"), text).Select((a, op, b) => $"{a} {op} {b}"),
            Gen.Select(operand, OneOf("=", "!=", "<", ">="), operand).Select((a, op, b) => $"{a} {op} {b}"),
            Gen.Select(name, OneOf("LIKE", "NOT LIKE"), text).Select((a, op, b) => $"{a} {op} {b}"),
            Gen.Select(operand, OneOf("IN", "NOT IN"), literal, literal)
                .Select((a, op, b, c) => $"{a} {op} ({b}, {c})"),
            name.Select(one => $"EXISTS {one}"),
            literal);
        if (depth == 0)
        {
            return leaf;
        }

        var inner = Expression(depth - 1);
        var pair = Gen.Select(inner, OneOf("AND", "OR", "XOR"), inner, OneOf("AND", "OR", "XOR"), inner);
        return Gen.OneOf(
            leaf,
            inner.Select(one => $"NOT ({one})"),
            pair.Select((a, op, b, other, c) => $"({a}) {op} ({b}) {other} ({c})"),
            pair.Select((a, op, b, _, _) => $"({a}) {op} ({b})"));
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}

// The compiler's rules: what they look like, and that the bus's own engine never keeps a matching event out.
using CsCheck;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Local.ServiceBus.Rules;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Tests.ServiceBus;

public sealed class RuleCompilerTests
{
    [Fact]
    public void Compile_NoFilter_MatchesEverything() => Assert.Equal(BusRule.Everything, RuleCompiler.Compile([]));

    [Fact]
    public void Compile_SeveralExacts_OneCorrelationFilter() =>
        Check("correlation:cloudEvents_source=/s\u001fcloudEvents_type=x", Exact(("type", "x"), ("source", "/s")));

    [Fact]
    public void Compile_TwoTopLevelExacts_OneCorrelationFilter() =>
        Check("correlation:cloudEvents_id=b\u001fcloudEvents_type=a", Exact(("type", "a")), Exact(("id", "b")));

    [Fact]
    public void Compile_ExactsThatContradict_SqlKeepsBoth() =>
        Check("sql:cloudEvents_type = 'a' AND cloudEvents_type = 'b'", Exact(("type", "a")), Exact(("type", "b")));

    [Fact]
    public void Compile_OldFilterWithEmptyValueOfRequiredAttribute_MatchesEverything() =>
        Check("true", new FilterExpression { Attributes = Map(("type", "")) });

    [Fact]
    public void Compile_OldFilterWithEmptyValue_AsksForPresence() =>
        Check("sql:EXISTS(cloudEvents_region)", new FilterExpression { Attributes = Map(("region", "")) });

    [Fact]
    public void Compile_AnyOfExactsOfOneAttribute_OneInList() =>
        Check("sql:cloudEvents_type IN ('a', 'it''s')", Any(Exact(("type", "a")), Exact(("type", "it's"))));

    [Fact]
    public void Compile_AllOfExactAndPrefix_OneSqlFilter() => Check(
        "sql:cloudEvents_type = 'a' AND cloudEvents_subject LIKE 'x%'",
        new FilterExpression { All = [Exact(("type", "a")), Prefix(("subject", "x"))] });

    [Fact]
    public void Compile_WildcardsInPrefix_AreWidened() =>
        Check("sql:cloudEvents_type LIKE 'a__b_%'", Prefix(("type", "a%[b_")));

    [Fact]
    public void Compile_NotExact_GuardsAgainstAbsence() => Check(
        "sql:NOT (EXISTS(cloudEvents_type) AND cloudEvents_type = 'a')", Not(Exact(("type", "a"))));

    [Fact]
    public void Compile_NotPrefix_IsLeftToTheFunction() => Check("true", Not(Prefix(("type", "a"))));

    [Fact]
    public void Compile_DoubleNegation_IsRemoved() =>
        Check("sql:cloudEvents_subject LIKE 'x%'", Not(Not(Prefix(("subject", "x")))));

    [Fact]
    public void Compile_NegationOfNothing_MatchesEverything() => Check("true", Not(new FilterExpression { All = [] }));

    [Fact]
    public void Compile_ContentType_IsACorrelationSystemProperty() => Check(
        "correlation:cloudEvents_type=a\u001fsys.ContentType=application/json",
        Exact(("type", "a"), ("datacontenttype", "application/json")));

    [Fact]
    public void Compile_ContentTypeInSql_IsLeftOut() => Check(
        "sql:cloudEvents_subject LIKE 'x%'", Exact(("datacontenttype", "application/json")), Prefix(("subject", "x")));

    [Fact]
    public void Compile_OverTheLimit_DropsTheLongestConjunct()
    {
        var rule = RuleCompiler.Compile([Prefix(("type", "a")), Prefix(("subject", new string('x', 1100)))]);
        Assert.Equal("cloudEvents_type LIKE 'a%'", rule.Sql);
    }

    [Fact]
    public void Compile_AnyOverTheLimit_MatchesEverything() => Check(
        "true", Any([.. Enumerable.Range(0, 100).Select(n => Exact(("type", $"com.example.number{n}")))]));

    [Fact]
    public void Compile_LiteralsThatDifferInCase_DifferInText() => Assert.NotEqual(
        RuleCompiler.Compile([Exact(("type", "A"))]).ToString(),
        RuleCompiler.Compile([Exact(("type", "a"))]).ToString());

    [Fact]
    public void Compile_AnyFilterAndEvent_NeverKeepsAMatchOut()
    {
        Gen.Select(Filter(3).List[0, 3], Event()).Sample(
            (filters, attributes) =>
            {
                var rule = RuleCompiler.Compile(filters);
                if (rule.Sql is { } sql)
                {
                    Assert.True(sql.Length <= RuleCompiler.MaxSql);
                }

                return !FilterOracle.Delivers(filters, attributes) || Engine(rule).Matches(new Properties(attributes));
            },
            iter: 20_000);
    }

    [Fact]
    public void Compile_TreesOfExacts_MatchExactlyWhatTheFilterDoes()
    {
        Gen.Select(Filter(3, exactOnly: true), Event()).Sample(
            (filter, attributes) => FilterOracle.Delivers([filter], attributes)
                == Engine(RuleCompiler.Compile([filter])).Matches(new Properties(attributes)),
            iter: 10_000);
    }

    private static void Check(string expected, params FilterExpression[] filters) =>
        Assert.Equal(expected, RuleCompiler.Compile(filters).ToString());

    internal static RuleFilter Engine(BusRule rule) =>
        rule.Sql is { } sql ? SqlFilter.Parse(sql)
        : rule.Equal is null ? TrueFilter.Instance
        : new CorrelationFilter
        {
            ContentType = rule.ContentType,
            Properties = rule.Equal.ToDictionary(pair => pair.Key, pair => (object?)pair.Value),
        };

    private static Gen<FilterExpression> Filter(int depth, bool exactOnly = false)
    {
        var name = exactOnly ? OneOf("type", "subject", "region") : OneOf(
            "type", "subject", "region", "datacontenttype", "time");
        var value = OneOf("a", "A", "ab", "b", "%", "_", "it's", "a[b", "");
        var map = Gen.Select(name, value).List[1, 2].Select(pairs =>
            (IReadOnlyDictionary<string, string>)pairs.GroupBy(pair => pair.Item1)
                .ToDictionary(group => group.Key, group => group.First().Item2));
        var exact = map.Select(m => new FilterExpression { Exact = m });
        var leaf = exactOnly ? exact : Gen.OneOf(
            exact,
            map.Select(m => new FilterExpression { Prefix = m }),
            map.Select(m => new FilterExpression { Suffix = m }),
            map.Select(m => new FilterExpression { Attributes = m }),
            CeSqlRuleTests.Expression(2).Select(text => new FilterExpression { CeSql = text }),
            Gen.Const(new FilterExpression()));
        if (depth == 0)
        {
            return leaf;
        }

        var inner = Filter(depth - 1, exactOnly);
        var list = inner.List[exactOnly ? 1 : 0, 3].Select(items => (IReadOnlyList<FilterExpression>)items);
        return Gen.OneOf(
            leaf,
            list.Select(items => new FilterExpression { All = items }),
            list.Select(items => new FilterExpression { Any = items }),
            inner.Select(item => new FilterExpression { Not = item }));
    }

    internal static Gen<IReadOnlyDictionary<string, string>> Event()
    {
        var value = OneOf("a", "A", "ab", "ba", "b", "%x", "_", "it's", "a[b", "application/json", "");
        return Gen.Select(value, value, value, Gen.Int[0, 7]).Select((type, subject, region, present) =>
        {
            var attributes = new Dictionary<string, string> { ["type"] = type.Length == 0 ? "t" : type };
            if ((present & 1) != 0)
            {
                attributes["subject"] = subject;
            }

            if ((present & 2) != 0)
            {
                attributes["region"] = region;
            }

            if ((present & 4) != 0)
            {
                attributes["datacontenttype"] = region;
            }

            return (IReadOnlyDictionary<string, string>)attributes;
        });
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static FilterExpression Exact(params (string, string)[] pairs) => new() { Exact = Map(pairs) };

    private static FilterExpression Prefix(params (string, string)[] pairs) => new() { Prefix = Map(pairs) };

    private static FilterExpression Any(params FilterExpression[] filters) => new() { Any = filters };

    private static FilterExpression Not(FilterExpression filter) => new() { Not = filter };

    private static Dictionary<string, string> Map(params (string Name, string Value)[] pairs) =>
        pairs.ToDictionary(pair => pair.Name, pair => pair.Value);

    // An event as it lies on the bus.
    internal sealed class Properties(IReadOnlyDictionary<string, string> attributes) : IMessageProperties
    {
        public bool TryGetUser(string name, out object? value)
        {
            var attribute = name.StartsWith(MessageProperties.AttributePrefix, StringComparison.OrdinalIgnoreCase)
                ? name[MessageProperties.AttributePrefix.Length..]
                : "";
            var found = attributes.TryGetValue(attribute, out var text) && attribute != "datacontenttype";
            value = text;
            return found;
        }

        public bool TryGetSystem(string name, out object? value)
        {
            value = name == "ContentType" ? attributes.GetValueOrDefault("datacontenttype") : null;
            return name == "ContentType";
        }
    }
}

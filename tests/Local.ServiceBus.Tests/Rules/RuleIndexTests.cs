// Correlation filters, and that the index finds just what evaluating each filter would.
using CsCheck;
using ServerlessEventing.Local.ServiceBus.Rules;

namespace ServerlessEventing.Local.ServiceBus.Tests.Rules;

public sealed class RuleIndexTests
{
    [Fact]
    public void Correlation_AllFieldsEqual_Matches()
    {
        var filter = new CorrelationFilter
        {
            Label = "order",
            ContentType = "application/json",
            Properties = new Dictionary<string, object?> { ["color"] = "red", ["count"] = 3L },
        };

        Assert.True(filter.Matches(Message("red", 3)));
        Assert.True(filter.Matches(Message("red", 3.0)));
        Assert.False(filter.Matches(Message("Red", 3)));
        Assert.False(filter.Matches(Message("red", "3")));
        Assert.False(filter.Matches(Message("red", null)));
        Assert.False(filter.Matches(PropertyBag.With(("color", "red"), ("count", 3))));

        static PropertyBag Message(string color, object? count) => PropertyBag.With(
            ("COLOR", color), ("count", count), ("sys.Label", "order"), ("sys.ContentType", "application/json"));
    }

    [Theory]
    [InlineData("CorrelationId")]
    [InlineData("MessageId")]
    [InlineData("To")]
    [InlineData("ReplyTo")]
    [InlineData("Label")]
    [InlineData("SessionId")]
    [InlineData("ReplyToSessionId")]
    [InlineData("ContentType")]
    public void Correlation_EachSystemField_IsCompared(string field)
    {
        var filter = new CorrelationFilter
        {
            CorrelationId = field == "CorrelationId" ? "x" : null,
            MessageId = field == "MessageId" ? "x" : null,
            To = field == "To" ? "x" : null,
            ReplyTo = field == "ReplyTo" ? "x" : null,
            Label = field == "Label" ? "x" : null,
            SessionId = field == "SessionId" ? "x" : null,
            ReplyToSessionId = field == "ReplyToSessionId" ? "x" : null,
            ContentType = field == "ContentType" ? "x" : null,
        };

        Assert.False(filter.IsEmpty);
        Assert.True(filter.Matches(PropertyBag.With(("sys." + field, "x"))));
        Assert.False(filter.Matches(PropertyBag.With(("sys." + field, "y"))));
        Assert.False(filter.Matches(PropertyBag.With(("sys." + field, null))));
        Assert.Equal(["x"], Found(new RuleIndex<string>([new(filter, "x")]), PropertyBag.With(("sys." + field, "x"))));
    }

    [Fact]
    public void Match_KindsOfFilters_EachIsFound()
    {
        var index = new RuleIndex<string>(
        [
            new(TrueFilter.Instance, "true"),
            new(FalseFilter.Instance, "false"),
            new(new CorrelationFilter(), "empty"),
            new(SqlFilter.Parse("color LIKE 'r%'"), "sql"),
            new(SqlFilter.Parse("color = 5"), "failing"),
            new(Red(), "red"),
        ]);
        var (matched, failed) = (new List<string>(), new List<KeyValuePair<string, RuleEvaluationException>>());

        index.Match(PropertyBag.With(("color", "red")), matched, failed);

        Assert.Equal(["empty", "red", "sql", "true"], matched.Order());
        Assert.Equal("failing", Assert.Single(failed).Key);
    }

    [Fact]
    public void Match_RandomFiltersAndMessages_FindsWhatEvaluatingEachWould()
    {
        object?[] values =
        [
            "a", "b", "A", null, 1, 1L, 1.0, 1.0f, (byte)1, 1m, 2UL, ulong.MaxValue, (decimal)ulong.MaxValue, 0.0, -0.0,
            double.NaN, 1.5m, 1.50m, true, false, DateTime.UnixEpoch, Guid.Empty,
        ];
        var value = Gen.OneOf(values);
        var text = Gen.OneOf("a", "b", null);
        var properties = Gen.Select(Gen.OneOf("p", "q", "P"), value).Array[0, 3];
        var filter = Gen.Select(text, text, properties, (label, to, user) => new CorrelationFilter
        {
            Label = label,
            To = to,
            Properties = Bag(user),
        });
        var message = Gen.Select(text, text, properties, (label, to, user) =>
        {
            var bag = PropertyBag.With(("sys.Label", label), ("sys.To", to));
            foreach (var (name, held) in Bag(user))
            {
                bag.User[name] = held;
            }

            return bag;
        });

        Gen.Select(filter.Array[0, 30], message.Array[1, 10]).Sample((filters, messages) =>
        {
            var index = new RuleIndex<int>(filters.Select((given, at) => KeyValuePair.Create((RuleFilter)given, at)));
            foreach (var given in messages)
            {
                var expected = Enumerable.Range(0, filters.Length).Where(at => filters[at].Matches(given));
                Assert.Equal(expected, Found(index, given).Order());
            }
        }, iter: 2000, threads: 1);

        static Dictionary<string, object?> Bag((string Name, object? Value)[] pairs)
        {
            var bag = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
            foreach (var (name, held) in pairs)
            {
                bag[name] = held;
            }

            return bag;
        }
    }

    [Fact]
    public void Match_ThousandsOfFilters_AsksOnlyThoseThatAgree()
    {
        var index = new RuleIndex<int>(Enumerable.Range(0, 20_000).Select(i => KeyValuePair.Create<RuleFilter, int>(
            new CorrelationFilter { Properties = new Dictionary<string, object?> { ["type"] = $"t{i}" } }, i)));
        var message = new CountingMessage(PropertyBag.With(("type", "t17")));
        var (matched, failed) = (new List<int>(), new List<KeyValuePair<int, RuleEvaluationException>>());

        index.Match(message, matched, failed);

        Assert.Equal([17], matched);
        Assert.True(message.Reads < 100, $"{message.Reads} properties were read");
    }

    [Fact]
    public void Match_ThousandsOfSqlFiltersThatBeginWithAnEquality_AsksOnlyThoseThatAgree()
    {
        var index = new RuleIndex<int>(Enumerable.Range(0, 10_000).Select(i => KeyValuePair.Create<RuleFilter, int>(
            SqlFilter.Parse(i % 2 == 0
                ? $"type IN ('t{i}', 'u{i}') AND size > 1"
                : $"type = 't{i}' OR type = 'u{i}'"), i)));
        var message = new CountingMessage(PropertyBag.With(("type", "u18"), ("size", 2)));
        var (matched, failed) = (new List<int>(), new List<KeyValuePair<int, RuleEvaluationException>>());

        index.Match(message, matched, failed);

        Assert.Equal([18], matched);
        Assert.True(message.Reads < 100, $"{message.Reads} properties were read");
    }

    [Fact]
    public void Match_CorrelationFilters_AllocatesNothing()
    {
        var index = new RuleIndex<int>(Enumerable.Range(0, 100).Select(i => KeyValuePair.Create<RuleFilter, int>(
            new CorrelationFilter { Properties = new Dictionary<string, object?> { ["a"] = $"t{i}", ["b"] = 1 } }, i)));
        var message = PropertyBag.With(("a", "t17"), ("b", 1L));
        var (matched, failed) = (new List<int>(), new List<KeyValuePair<int, RuleEvaluationException>>());
        index.Match(message, matched, failed);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            matched.Clear();
            index.Match(message, matched, failed);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal([17], matched);
    }

    private static CorrelationFilter Red() =>
        new() { Properties = new Dictionary<string, object?> { ["color"] = "red" } };

    private static List<T> Found<T>(RuleIndex<T> index, IMessageProperties message)
    {
        var matched = new List<T>();
        index.Match(message, matched, []);
        return matched;
    }

    private sealed class CountingMessage(PropertyBag bag) : IMessageProperties
    {
        public int Reads { get; private set; }

        public bool TryGetUser(string name, out object? value)
        {
            Reads++;
            return bag.TryGetUser(name, out value);
        }

        public bool TryGetSystem(string name, out object? value)
        {
            Reads++;
            return bag.TryGetSystem(name, out value);
        }
    }
}

// Random expressions over random messages: the engine and the slow reference evaluator must agree on each.
using CsCheck;
using ServerlessEventing.Local.ServiceBus.Rules;

namespace ServerlessEventing.Local.ServiceBus.Tests.Rules;

public sealed class SqlFilterPropertyTests
{
    private static readonly Gen<string> _name = Gen.OneOf("a", "b", "C", "d e", "never");

    private static readonly Gen<object?> _value = Gen.OneOf<object?>(
        Gen.Int[-3, 3].Select(value => (object?)value),
        Gen.Long[-3, 3].Select(value => (object?)value),
        Gen.OneOf<object?>(0.0, 1.0, -2.5, 3.0),
        Gen.OneOf<object?>("", "a", "ab", "it's", "a%b", "A_B", "ba\nb"),
        Gen.OneOf<object?>(true, false, null, 1.5m, (short)2, (byte)3));

    private static readonly Gen<object?> _constant = Gen.OneOf<object?>(
        Gen.Long[-3, 3].Select(value => (object?)value),
        Gen.OneOf<object?>(1.0, -2.5, 0.5),
        Gen.OneOf<object?>("", "a", "ab", "it's"),
        Gen.OneOf<object?>(true, false, null));

    private static readonly Gen<string> _pattern = Gen.OneOf("a", "b", "%", "_", "!", "'").Array[0, 5]
        .Select(string.Concat);

    [Fact]
    public void Evaluate_RandomExpressions_AgreesWithTheReference()
    {
        var seen = new Dictionary<char, int>();
        var message = Gen.Select(_name, _value).Array[0, 5].Select(Message);

        Gen.Select(Condition(4), message).Where((tree, _) => tree.Text.Length <= SqlFilter.MaxLength)
            .Sample((tree, properties) =>
            {
                var expected = ReferenceEvaluator.Evaluate(tree, properties.User);
                var actual = Evaluate(tree.Text, properties);
                seen[expected] = seen.GetValueOrDefault(expected) + 1;
                Assert.True(expected == actual, $"{tree.Text}: expected {expected}, got {actual}");
            }, iter: 20_000, threads: 1, print: Print);

        Assert.All("TFUE", outcome => Assert.True(seen.GetValueOrDefault(outcome) > 200, $"{outcome} was hardly met"));
    }

    [Fact]
    public void Index_RandomExpressions_FindsWhatEvaluatingEachWould()
    {
        var message = Gen.Select(_name, _value).Array[0, 5].Select(Message);
        var equality = Gen.Select(Gen.OneOf("a", "A", "b"), Gen.OneOf("", "a", "ab"),
            (name, text) => (RuleTree)new RuleTree.Compare(
                "=", new RuleTree.Property(name), new RuleTree.Constant(text)));
        var keyed = Gen.Select(Gen.OneOf("AND", "OR"), equality, Gen.OneOf(equality, Condition(1)),
            (word, left, right) => (RuleTree)new RuleTree.Logic(word, left, right));

        Gen.Select(Gen.OneOf(equality, keyed, Condition(2)).Array[0, 20], message.Array[1, 5])
            .Sample((trees, messages) =>
            {
                var filters = trees.Select(tree => SqlFilter.Parse(tree.Text)).ToArray();
                var index = new RuleIndex<int>(filters.Select((f, at) => KeyValuePair.Create<RuleFilter, int>(f, at)));
                foreach (var given in messages)
                {
                    var (matched, failed) = (new List<int>(), new List<KeyValuePair<int, RuleEvaluationException>>());
                    index.Match(given, matched, failed);
                    var outcomes = trees.Select(tree => Evaluate(tree.Text, given)).ToArray();
                    var all = Enumerable.Range(0, filters.Length).ToArray();
                    Assert.Equal(all.Where(at => outcomes[at] == 'T'), matched.Order());
                    Assert.Equal(all.Where(at => outcomes[at] == 'E'), failed.Select(fault => fault.Key).Order());
                }
            }, iter: 2_000, threads: 1);
    }

    [Fact]
    public void Parse_RandomText_ParsesOrSaysWhere()
    {
        var piece = Gen.OneOf(
            "a", "'x'", "1", "1.5", "(", ")", "=", "<>", "AND", "OR", "NOT", "IN", "LIKE", "ESCAPE", "IS", "NULL",
            "EXISTS", "sys", ".", "[b]", "\"c\"", ",", "+", "-", "%", "@p", "p", "TRUE", ";", "SET",
            "REMOVE", "'", "[");

        piece.Array[0, 12].Select(pieces => string.Join(' ', pieces)).Sample(text =>
        {
            foreach (var parse in new Action[] { () => SqlFilter.Parse(text), () => SqlAction.Parse(text) })
            {
                try
                {
                    parse();
                }
                catch (RuleSyntaxException fault)
                {
                    Assert.InRange(fault.Position, 1, text.Length + 1);
                }
            }
        }, iter: 20_000, threads: 1);
    }

    private static char Evaluate(string text, PropertyBag message)
    {
        var filter = SqlFilter.Parse(text);
        try
        {
            return filter.Evaluate(message).ToString()[0];
        }
        catch (RuleEvaluationException)
        {
            return 'E';
        }
    }

    private static Gen<RuleTree> Condition(int depth)
    {
        var operand = Operand(2);
        var leaf = Gen.Frequency<RuleTree>(
            (4, Gen.Select(Gen.OneOf("=", "<>", "!=", "<", "<=", ">", ">="), operand, operand,
                (sign, left, right) => (RuleTree)new RuleTree.Compare(sign, left, right))),
            (2, Gen.Select(operand, operand.Array[1, 3], Gen.Bool,
                (left, list, negated) => (RuleTree)new RuleTree.In(left, list, negated))),
            (2, Gen.Select(operand, _pattern, Gen.Bool, Gen.Bool, Like)),
            (1, Gen.Select(_name, Gen.Bool, (name, negated) => (RuleTree)new RuleTree.IsNull(name, negated))),
            (1, _name.Select(name => (RuleTree)new RuleTree.Exists(name))));
        if (depth == 0)
        {
            return leaf;
        }

        var inner = Condition(depth - 1);
        return Gen.Frequency<RuleTree>(
            (3, leaf),
            (1, inner.Select(tree => (RuleTree)new RuleTree.Not(tree))),
            (3, Gen.Select(Gen.OneOf("AND", "OR"), inner, inner,
                (word, left, right) => (RuleTree)new RuleTree.Logic(word, left, right))));
    }

    private static Gen<RuleTree> Operand(int depth)
    {
        var leaf = Gen.Frequency<RuleTree>(
            (2, _name.Select(name => (RuleTree)new RuleTree.Property(name))),
            (1, _constant.Select(value => (RuleTree)new RuleTree.Constant(value))));
        if (depth == 0)
        {
            return leaf;
        }

        var inner = Operand(depth - 1);
        return Gen.Frequency<RuleTree>(
            (6, leaf),
            (1, inner.Select(tree => (RuleTree)new RuleTree.Negative(tree))),
            (2, Gen.Select(Gen.OneOf("+", "-", "*", "/", "%"), inner, inner,
                (sign, left, right) => (RuleTree)new RuleTree.Arithmetic(sign, left, right))));
    }

    private static RuleTree Like(RuleTree left, string pattern, bool escaped, bool negated)
    {
        // An escape character must have one behind it: an odd run of them at the end gets its twin.
        var marks = pattern.Length - pattern.TrimEnd('!').Length;
        return escaped
            ? new RuleTree.Like(left, marks % 2 == 1 ? pattern + "!" : pattern, '!', negated)
            : new RuleTree.Like(left, pattern, null, negated);
    }

    private static PropertyBag Message((string Name, object? Value)[] properties) =>
        PropertyBag.With(properties.DistinctBy(property => property.Name).ToArray());

    private static string Print((RuleTree Tree, PropertyBag Message) sample) =>
        $"{sample.Tree.Text} over {string.Join(", ", sample.Message.User.Select(held => $"{held.Key}={held.Value}"))}";
}

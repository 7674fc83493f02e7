// SET and REMOVE on a message's copy.
using ServerlessEventing.Local.ServiceBus.Rules;

namespace ServerlessEventing.Local.ServiceBus.Tests.Rules;

public sealed class SqlActionTests
{
    [Fact]
    public void Set_NewAndOld_TakesTheValue()
    {
        var message = Apply("SET a = 'x'; SET b = 1.5 set user.c = TRUE", ("a", "old"));

        Assert.Equal("x", message.User["a"]);
        Assert.Equal(1.5, message.User["b"]);
        Assert.Equal(true, message.User["c"]);
    }

    [Fact]
    public void Set_Expressions_SeeWhatStatementsBeforeDid()
    {
        var message = Apply("SET a = a + 1; SET b = a * 2; SET [c d] = 'n' + b; SET a = 0", ("a", 1L));

        Assert.Equal(0L, message.User["a"]);
        Assert.Equal(4L, message.User["b"]);
        Assert.Equal("n4", message.User["c d"]);
    }

    [Fact]
    public void Set_NumberOverNumber_KeepsTheOldTypeWhereItFits()
    {
        var message = Apply(
            "SET i = 5; SET tooBig = 300; SET f = 2; SET n = 1.5; SET s = 5",
            ("i", 1), ("tooBig", (byte)1), ("f", 1.0), ("n", 1), ("s", "text"));

        Assert.Equal(5, message.User["i"]);
        Assert.Equal(300L, message.User["tooBig"]);
        Assert.Equal(2.0, message.User["f"]);
        Assert.Equal(1.5, message.User["n"]);
        Assert.Equal(5L, message.User["s"]);
    }

    [Fact]
    public void Set_CopyOfAProperty_KeepsItsType()
    {
        var due = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var message = Apply(
            "SET i = n; SET t = due; SET l = sys.Label", ("n", (short)7), ("due", due), ("sys.Label", "hello"));

        Assert.Equal((short)7, message.User["i"]);
        Assert.Equal(due, message.User["t"]);
        Assert.Equal("hello", message.User["l"]);
    }

    [Fact]
    public void Set_UnknownOrNull_IsNull()
    {
        var message = Apply("SET a = missing; SET b = NULL; SET c = missing + 1", ("a", "x"));

        Assert.Null(message.User["a"]);
        Assert.Null(message.User["b"]);
        Assert.Null(message.User["c"]);
    }

    [Fact]
    public void Set_NewId_IsAGuid() => Assert.IsType<Guid>(Apply("SET a = newid()").User["a"]);

    [Fact]
    public void Remove_Properties_AreGone()
    {
        var message = Apply("REMOVE A; REMOVE [b c] REMOVE missing", ("a", 1), ("b c", 2), ("d", 3));

        Assert.Equal(["d"], message.User.Keys);
    }

    [Fact]
    public void System_SetAndRemove_ReachTheMessage()
    {
        var message = Apply("SET sys.label = 'new'; REMOVE sys.To", ("sys.Label", "old"), ("sys.To", "there"));

        Assert.Equal("new", message.System["Label"]);
        Assert.Null(message.System["To"]);
    }

    [Theory]
    [InlineData("SET sys.Nope = 1")]
    [InlineData("SET a = sys.Nope")]
    [InlineData("SET a = 1 / 0")]
    [InlineData("SET a = 'x' * 2")]
    public void Apply_Failing_Throws(string action) =>
        Assert.Throws<RuleEvaluationException>(() => Apply(action));

    [Fact]
    public void Apply_TextDoubledOverAndOver_IsRefusedInTime()
    {
        var action = "SET a = '0123456789'" + string.Concat(Enumerable.Repeat(" SET a=a+a", 31));

        Assert.Throws<RuleEvaluationException>(() => Apply(action));
    }

    private static PropertyBag Apply(string action, params (string Name, object? Value)[] properties)
    {
        var message = PropertyBag.With(properties);
        SqlAction.Parse(action).Apply(message);
        return message;
    }
}

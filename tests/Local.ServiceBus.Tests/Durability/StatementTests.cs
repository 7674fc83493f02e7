// Tests of the one way in which the store speaks to SQLite.
using Microsoft.Data.Sqlite;
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Tests.Durability;

public sealed class StatementTests : IDisposable
{
    private const int Constraint = 19;

    private readonly SqliteConnection connection = new("Data Source=:memory:");

    public StatementTests()
    {
        connection.Open();
        Run("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT, content BLOB)");
    }

    [Fact]
    public void Run_AgainWithOtherValues_EachIsWritten()
    {
        using var insert = new Statement(connection, "INSERT INTO things VALUES (?1, ?2, ?3)");
        insert.Bind(1).Bind("one").Bind([1, 2, 3]).Run();
        insert.Bind(2).Bind((string?)null).Bind((byte[]?)null).Run();
        insert.Bind(3).Bind("").Bind((byte[])[]).Run();

        Assert.Equal([1, 2, 3], Ids("SELECT id FROM things ORDER BY id"));
        Assert.Equal([1], Ids("SELECT id FROM things WHERE name = 'one' AND content = x'010203'"));
        Assert.Equal([2], Ids("SELECT id FROM things WHERE name IS NULL AND content IS NULL"));
        Assert.Equal([3], Ids("SELECT id FROM things WHERE name = '' AND length(content) = 0"));
    }

    [Fact]
    public void Run_Refused_ThrowsTheCodeAndCanBeUsedAgain()
    {
        using var insert = new Statement(connection, "INSERT INTO things (id) VALUES (?1)");
        insert.Bind(1).Run();
        var refused = Assert.Throws<SqliteException>(() => insert.Bind(1).Run());
        Assert.Equal(Constraint, refused.SqliteErrorCode);
        insert.Bind(2).Run();
        Assert.Equal([1, 2], Ids("SELECT id FROM things ORDER BY id"));
    }

    [Fact]
    public void Bind_TooManyValues_ThrowsAndTheNextFillFromTheFirst()
    {
        using var insert = new Statement(connection, "INSERT INTO things (id) VALUES (?1)");
        Assert.Throws<SqliteException>(() => insert.Bind(1).Bind(2));
        insert.Bind(3).Run();
        Assert.Equal([3], Ids("SELECT id FROM things"));
    }

    [Fact]
    public void Run_NotSql_ThrowsWhatIsWrong()
    {
        using var wrong = new Statement(connection, "INSERT INTO absent VALUES (1)");
        Assert.Contains("no such table", Assert.Throws<SqliteException>(wrong.Run).Message, StringComparison.Ordinal);
    }

    public void Dispose() => connection.Dispose();

    private void Run(string sql)
    {
        using var statement = new Statement(connection, sql);
        statement.Run();
    }

    private List<long> Ids(string sql)
    {
        using var select = new Statement(connection, sql);
        var found = new List<long>();
        while (select.Next())
        {
            found.Add(select.Integer(0));
        }

        return found;
    }
}

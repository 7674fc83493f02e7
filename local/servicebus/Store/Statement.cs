// One prepared statement, without the layers that ADO.NET puts around it: they cost more than what SQLite does.
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// Prepared when first used and kept: <c>statement.Bind(id).Bind(content).Run()</c> fills <c>?1</c> and <c>?2</c>. For
/// one thread. Throws <see cref="SqliteException"/>, whose code says what is wrong; it can be used again after that.
/// </summary>
internal sealed class Statement(SqliteConnection connection, string sql) : IDisposable
{
    private sqlite3_stmt? _prepared;
    private int _bound;

    public Statement Bind(long value) => Check(raw.sqlite3_bind_int64(Prepared, ++_bound, value));

    public Statement Bind(byte[]? value) => Check(value is null
        ? raw.sqlite3_bind_null(Prepared, ++_bound)
        : raw.sqlite3_bind_blob(Prepared, ++_bound, value));

    public Statement Bind(string? value) => Check(value is null
        ? raw.sqlite3_bind_null(Prepared, ++_bound)
        : raw.sqlite3_bind_text(Prepared, ++_bound, value));

    /// <summary>Runs to the end.</summary>
    public void Run()
    {
        while (Next())
        {
        }
    }

    /// <summary>Runs to the next row; without one the statement is ready for other values.</summary>
    public bool Next()
    {
        var code = raw.sqlite3_step(Prepared);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        // Resetting says once more what went wrong, and frees what the statement holds.
        var problem = raw.sqlite3_reset(Prepared);
        _bound = 0;
        Check(code == raw.SQLITE_DONE ? problem : code);
        return false;
    }

    /// <summary>A column of the row that <see cref="Next"/> came to.</summary>
    public long Integer(int column) => raw.sqlite3_column_int64(Prepared, column);

    public void Dispose() => _prepared?.Dispose();

    private sqlite3_stmt Prepared => _prepared ??= Prepare();

    private sqlite3_stmt Prepare()
    {
        Check(raw.sqlite3_prepare_v3(connection.Handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var prepared));
        return prepared;
    }

    private Statement Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            _bound = 0;
            SqliteException.ThrowExceptionForRC(code, connection.Handle);
        }

        return this;
    }
}

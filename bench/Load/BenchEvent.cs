// The events a bench sends: 1 KB CloudEvents in binary mode, as the bytes of a whole HTTP request.
using System.Globalization;
using System.Text;

namespace ServerlessEventing.Bench.Load;

/// <summary>Writes the requests of one run; every event carries the run, its number and when it was sent.</summary>
internal sealed class BenchEvent
{
    /// <summary>Attributes by which the subscriber knows an event; CloudEvents extension names.</summary>
    public const string RunHeader = "ce-benchrun";
    public const string NumberHeader = "ce-benchnumber";
    public const string SentHeader = "ce-benchsent";

    private const int BodySize = 1024;

    private readonly string head;
    private readonly byte[] body = Encoding.ASCII.GetBytes(new string('x', BodySize));

    public BenchEvent(Uri target, int run)
    {
        Run = run;
        head = string.Create(CultureInfo.InvariantCulture, $"""
            POST {target.PathAndQuery} HTTP/1.1
            Host: {target.Authority}
            Content-Type: application/octet-stream
            Content-Length: {BodySize}
            ce-specversion: 1.0
            ce-type: com.example.bench
            ce-source: /bench
            {RunHeader}: {run}

            """).ReplaceLineEndings("\r\n");
    }

    public int Run { get; }

    /// <summary>
    /// Writes event <paramref name="number"/> into <paramref name="target"/>, stamped with when it was
    /// <paramref name="sent"/>.
    /// </summary>
    public int Write(int number, long sent, byte[] target)
    {
        var rest = string.Create(CultureInfo.InvariantCulture,
            $"ce-id: {Run}-{number}\r\n{NumberHeader}: {number}\r\n{SentHeader}: {sent}\r\n\r\n");
        var length = Encoding.ASCII.GetBytes(head, target);
        length += Encoding.ASCII.GetBytes(rest, target.AsSpan(length));
        body.CopyTo(target, length);
        return length + body.Length;
    }
}

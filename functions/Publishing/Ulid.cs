// Makes ULIDs: ids that sort by the time they were made.
namespace ServerlessEventing.Functions.Publishing;

/// <summary>https://github.com/ulid/spec: 48 bits of milliseconds, 80 random bits, 26 characters.</summary>
internal static class Ulid
{
    public static string New(TimeProvider time)
    {
        Span<char> text = stackalloc char[26];
        var milliseconds = time.GetUtcNow().ToUnixTimeMilliseconds();
        for (var i = 9; i >= 0; i--)
        {
            text[i] = Base32.Digit((int)(milliseconds & 31));
            milliseconds >>= 5;
        }

        Span<byte> random = stackalloc byte[16];
        // Never twice the same is what an id has to be, not a secret.
        Random.Shared.NextBytes(random);
        for (var i = 0; i < random.Length; i++)
        {
            text[10 + i] = Base32.Digit(random[i] & 31);
        }

        return text.ToString();
    }
}

// Matches a text against a LIKE pattern: % is any run of characters, _ any one, and case counts.
namespace ServerlessEventing.Local.ServiceBus.Rules;

internal static class LikePattern
{
    /// <summary>Null for a good pattern, else the fault: an escape character with nothing behind it.</summary>
    public static string? Fault(string pattern, char? escape)
    {
        for (var at = 0; at < pattern.Length; at++)
        {
            if (pattern[at] == escape && ++at == pattern.Length)
            {
                return "an escape character with nothing behind it";
            }
        }

        return null;
    }

    /// <summary>
    /// True when the whole text matches. Only the last % met is ever tried again, so the work is at most the product of
    /// the two lengths however many % there are.
    /// </summary>
    public static bool IsMatch(ReadOnlySpan<char> text, ReadOnlySpan<char> pattern, char? escape)
    {
        var (at, next) = (0, 0);
        var (retryAt, retryNext) = (0, -1);
        while (at < text.Length)
        {
            if (next < pattern.Length && pattern[next] == '%' && escape != '%')
            {
                retryAt = at;
                retryNext = ++next;
                continue;
            }

            if (TakesOne(text[at], pattern, next, escape, out var length))
            {
                at++;
                next += length;
                continue;
            }

            if (retryNext < 0)
            {
                return false;
            }

            at = ++retryAt;
            next = retryNext;
        }

        while (next < pattern.Length && pattern[next] == '%' && escape != '%')
        {
            next++;
        }

        return next == pattern.Length;
    }

    private static bool TakesOne(char c, ReadOnlySpan<char> pattern, int next, char? escape, out int length)
    {
        length = 1;
        if (next >= pattern.Length)
        {
            return false;
        }

        if (pattern[next] == escape)
        {
            length = 2;
            return pattern[next + 1] == c;
        }

        return pattern[next] == '_' || pattern[next] == c;
    }
}

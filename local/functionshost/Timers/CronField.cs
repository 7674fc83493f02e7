// One field of an NCRONTAB expression as a set of bits: *, values, names, ranges, steps and lists of them.
using System.Globalization;

namespace ServerlessEventing.Local.FunctionsHost.Timers;

/// <summary>The values that one field allows.</summary>
internal readonly struct CronField(ulong bits)
{
    public bool Has(int value) => (bits & (1UL << value)) != 0;

    public static bool TryParse(string text, int least, int most, string[] names, out CronField field)
    {
        var bits = 0UL;
        foreach (var item in text.Split(','))
        {
            if (!TryItem(item, least, most, names, ref bits))
            {
                field = default;
                return false;
            }
        }

        field = new(bits);
        return true;
    }

    /// <summary>One of <c>*</c>, <c>a</c>, <c>a-b</c>, each with an optional <c>/step</c>.</summary>
    private static bool TryItem(string item, int least, int most, string[] names, ref ulong bits)
    {
        var step = 1;
        var slash = item.IndexOf('/');
        if (slash >= 0 && (!int.TryParse(item.AsSpan(slash + 1), NumberStyles.None, null, out step) || step < 1))
        {
            return false;
        }

        var range = slash < 0 ? item : item[..slash];
        var dash = range.IndexOf('-');
        int first, last;
        if (range == "*")
        {
            (first, last) = (least, most);
        }
        else if (dash > 0)
        {
            if (!TryValue(range[..dash], least, names, out first)
                || !TryValue(range[(dash + 1)..], least, names, out last))
            {
                return false;
            }
        }
        else
        {
            if (!TryValue(range, least, names, out first))
            {
                return false;
            }

            // "5/10" means from 5 to the end in tens.
            last = slash < 0 ? first : most;
        }

        if (first < least || last > most || first > last)
        {
            return false;
        }

        for (var value = first; value <= last; value += step)
        {
            bits |= 1UL << value;
        }

        return true;
    }

    private static bool TryValue(string text, int least, string[] names, out int value)
    {
        var named = Array.FindIndex(names, name => text.StartsWith(name, StringComparison.OrdinalIgnoreCase));
        if (named >= 0)
        {
            value = named + least;
            return true;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}

// A LIKE pattern prepared for matching in time proportional to the text.
using System.Text;

namespace ServerlessEventing.Contract.Filters.Cesql;

/// <summary>
/// <c>%</c> is any run of characters, <c>_</c> one character (code point), <c>\%</c> and <c>\_</c> those signs; any
/// other backslash is itself. Letters count as written.
/// </summary>
/// <remarks>
/// The pattern is cut at each <c>%</c>. The first piece has to start the text, the last to end it, and each one
/// between is taken where it first occurs after the one before: later occurrences cannot do better, so there is no
/// going back.
/// </remarks>
internal sealed class LikePattern
{
    private readonly Piece[] pieces;

    public LikePattern(string pattern)
    {
        List<Piece> cut = [];
        List<int> letters = [];
        for (var i = 0; i < pattern.Length;)
        {
            Rune.DecodeFromUtf16(pattern.AsSpan(i), out var letter, out var units);
            var escaped = pattern[i] == '\\' && i + 1 < pattern.Length && pattern[i + 1] is '%' or '_';
            if (escaped)
            {
                letters.Add(pattern[i + 1]);
                units = 2;
            }
            else if (pattern[i] == '%')
            {
                cut.Add(new Piece([.. letters]));
                letters.Clear();
            }
            else
            {
                letters.Add(pattern[i] == '_' ? Piece.Any : letter.Value);
            }

            i += units;
        }

        cut.Add(new Piece([.. letters]));
        pieces = [.. cut];
    }

    public bool Matches(ReadOnlySpan<char> text)
    {
        if (pieces is [var only])
        {
            return only.TryStart(text, out var all) && all == text.Length;
        }

        if (!pieces[0].TryStart(text, out var start))
        {
            return false;
        }

        var rest = text[start..];
        for (var i = 1; i < pieces.Length - 1; i++)
        {
            if (!pieces[i].TryFind(rest, out var end))
            {
                return false;
            }

            rest = rest[end..];
        }

        return pieces[^1].Ends(rest);
    }

    /// <summary>Letters and "any letter"s in a row.</summary>
    private sealed class Piece
    {
        public const int Any = -1;

        private const int WordBits = 64;

        private readonly int[] letters;

        // Without an "any" in it: the text to look for.
        private readonly string? literal;

        // With one: the places any letter fits, a bit each; and of each letter in the piece the places it fits, as bits
        // if they are many, else as a list. So a piece takes memory in proportion to its length.
        private readonly ulong[] anyPlaces = [];
        private readonly Dictionary<int, ulong[]> manyPlaces = [];
        private readonly Dictionary<int, int[]> fewPlaces = [];

        public Piece(int[] letters)
        {
            this.letters = letters;
            if (!letters.Contains(Any))
            {
                literal = string.Concat(letters.Select(letter => new Rune(letter).ToString()));
                return;
            }

            anyPlaces = Bits(Places(letters, Any));
            foreach (var group in letters.Index().Where(one => one.Item != Any).GroupBy(one => one.Item))
            {
                int[] places = [.. group.Select(one => one.Index)];
                if (places.Length > anyPlaces.Length)
                {
                    manyPlaces[group.Key] = Bits([.. places, .. Places(letters, Any)]);
                }
                else
                {
                    fewPlaces[group.Key] = places;
                }
            }
        }

        public bool TryStart(ReadOnlySpan<char> text, out int end)
        {
            end = 0;
            if (literal is not null)
            {
                end = literal.Length;
                return text.StartsWith(literal, StringComparison.Ordinal);
            }

            foreach (var letter in letters)
            {
                if (end == text.Length)
                {
                    return false;
                }

                Rune.DecodeFromUtf16(text[end..], out var found, out var units);
                if (letter != Any && letter != found.Value)
                {
                    return false;
                }

                end += units;
            }

            return true;
        }

        public bool Ends(ReadOnlySpan<char> text)
        {
            if (literal is not null)
            {
                return text.EndsWith(literal, StringComparison.Ordinal);
            }

            for (var i = letters.Length - 1; i >= 0; i--)
            {
                if (text.IsEmpty)
                {
                    return false;
                }

                Rune.DecodeLastFromUtf16(text, out var found, out var units);
                if (letters[i] != Any && letters[i] != found.Value)
                {
                    return false;
                }

                text = text[..^units];
            }

            return true;
        }

        // Bit i of `reached` is set while letters 0 to i stand right before the place looked at: one shift and one
        // mask a character, however the pattern repeats itself.
        public bool TryFind(ReadOnlySpan<char> text, out int end)
        {
            if (literal is not null)
            {
                var at = text.IndexOf(literal, StringComparison.Ordinal);
                end = at + literal.Length;
                return at >= 0;
            }

            Span<ulong> reached = stackalloc ulong[anyPlaces.Length];
            Span<ulong> mixed = stackalloc ulong[anyPlaces.Length];
            reached.Clear();
            var last = letters.Length - 1;
            for (end = 0; end < text.Length;)
            {
                Rune.DecodeFromUtf16(text[end..], out var letter, out var units);
                end += units;
                var fits = Fits(letter.Value, mixed);
                var carry = 1UL;
                for (var word = 0; word < reached.Length; word++)
                {
                    var next = reached[word] >> (WordBits - 1);
                    reached[word] = ((reached[word] << 1) | carry) & fits[word];
                    carry = next;
                }

                if ((reached[last / WordBits] >> (last % WordBits) & 1) != 0)
                {
                    return true;
                }
            }

            return false;
        }

        private ReadOnlySpan<ulong> Fits(int letter, Span<ulong> mixed)
        {
            if (manyPlaces.TryGetValue(letter, out var many))
            {
                return many;
            }

            if (!fewPlaces.TryGetValue(letter, out var few))
            {
                return anyPlaces;
            }

            anyPlaces.CopyTo(mixed);
            foreach (var place in few)
            {
                mixed[place / WordBits] |= 1UL << (place % WordBits);
            }

            return mixed;
        }

        private ulong[] Bits(IEnumerable<int> places)
        {
            var bits = new ulong[(letters.Length + WordBits - 1) / WordBits];
            foreach (var place in places)
            {
                bits[place / WordBits] |= 1UL << (place % WordBits);
            }

            return bits;
        }

        private static int[] Places(int[] letters, int letter) =>
            [.. letters.Index().Where(one => one.Item == letter).Select(one => one.Index)];
    }
}

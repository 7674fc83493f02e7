// The labelSelector parameter: `a=b,c!=d,e in (f,g),h,!i`.
namespace ServerlessEventing.Local.Kubernetes.Objects;

/// <summary>Parsed requirements, all of which must hold.</summary>
public sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private readonly List<Requirement> requirements;

    private LabelSelector(List<Requirement> requirements) => this.requirements = requirements;

    private enum Operator
    {
        In,
        NotIn,
        Exists,
        Absent,
    }

    public static Result<LabelSelector> Parse(string text)
    {
        var requirements = new List<Requirement>();
        foreach (var part in Split(text))
        {
            if (Requirement.Parse(part.Trim()) is not { } requirement)
            {
                return ApiStatus.BadRequest($"unable to parse requirement: found '{part.Trim()}' in '{text}'");
            }

            requirements.Add(requirement);
        }

        return requirements.Count == 0 ? Everything : new LabelSelector(requirements);
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var requirement in requirements)
        {
            if (!requirement.Holds(labels))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Cuts at commas outside parentheses.</summary>
    private static IEnumerable<string> Split(string text)
    {
        var depth = 0;
        var start = 0;
        for (var at = 0; at <= text.Length; at++)
        {
            var end = at == text.Length;
            if (!end && text[at] is '(' or ')')
            {
                depth += text[at] == '(' ? 1 : -1;
            }

            if (end || (text[at] == ',' && depth == 0))
            {
                if (!string.IsNullOrWhiteSpace(text[start..at]))
                {
                    yield return text[start..at];
                }

                start = at + 1;
            }
        }
    }

    private sealed record Requirement(string Key, Operator Operator, HashSet<string> Values)
    {
        public static Requirement? Parse(string part)
        {
            if (part.StartsWith('!'))
            {
                return Valid(part[1..].Trim(), Operator.Absent, []);
            }

            if (part.EndsWith(')'))
            {
                return ParseSet(part);
            }

            var at = part.IndexOf("!=", StringComparison.Ordinal);
            if (at > 0)
            {
                return Valid(part[..at].Trim(), Operator.NotIn, [part[(at + 2)..].Trim()]);
            }

            at = part.IndexOf('=', StringComparison.Ordinal);
            var value = at > 0 && part[(at + 1)..].StartsWith('=') ? at + 2 : at + 1;
            return at > 0
                ? Valid(part[..at].Trim(), Operator.In, [part[value..].Trim()])
                : Valid(part, Operator.Exists, []);
        }

        public bool Holds(IReadOnlyDictionary<string, string> labels)
        {
            var present = labels.TryGetValue(Key, out var value);
            return Operator switch
            {
                Operator.Exists => present,
                Operator.Absent => !present,
                Operator.In => present && Values.Contains(value!),
                _ => !present || !Values.Contains(value!),
            };
        }

        private static Requirement? ParseSet(string part)
        {
            var open = part.IndexOf('(', StringComparison.Ordinal);
            var words = open < 0 ? [] : part[..open].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 2 || words[1] is not ("in" or "notin"))
            {
                return null;
            }

            var values = part[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries);
            return Valid(words[0], words[1] == "in" ? Operator.In : Operator.NotIn, [.. values]);
        }

        private static Requirement? Valid(string key, Operator @operator, HashSet<string> values) =>
            ObjectNames.LabelKeyProblem(key) is null && values.All(v => ObjectNames.LabelValueProblem(v) is null)
                ? new Requirement(key, @operator, values)
                : null;
    }
}

// Which namespaces may be referred to from others.
using System.Text.RegularExpressions;

namespace ServerlessEventing.Operator.Addressing;

/// <summary>
/// An allow-list of namespaces that subscribers, sinks and dead-letter sinks of others may name. Without it whoever may
/// write a Trigger in one namespace could put events into the Brokers of another.
/// </summary>
public sealed partial class CrossNamespaceRefs
{
    /// <summary>Variable with the list: names separated by commas, or <c>*</c> for all.</summary>
    public const string Variable = "EVENTING_CROSS_NAMESPACE_REFS";

    private const string Any = "*";

    private readonly HashSet<string> namespaces;

    private CrossNamespaceRefs(IEnumerable<string> namespaces) =>
        this.namespaces = namespaces.ToHashSet(StringComparer.Ordinal);

    /// <summary>A reference stays in its namespace.</summary>
    public static CrossNamespaceRefs None { get; } = new([]);

    /// <summary>Reads the variable; null, and what is wrong, when an entry is no namespace's name.</summary>
    public static CrossNamespaceRefs? Parse(string? text, out string problem)
    {
        var names = (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var wrong = Array.Find(names, name => name != Any && !NamespaceName().IsMatch(name));
        problem = wrong is null
            ? ""
            : $"{Variable} holds '{wrong}': list the namespaces that others may refer to, separated by commas, or * "
                + "for all.";
        return wrong is null ? new(names) : null;
    }

    public bool Allow(string from, string to) => from == to || namespaces.Contains(to) || namespaces.Contains(Any);

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    private static partial Regex NamespaceName();
}

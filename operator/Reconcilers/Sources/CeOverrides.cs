// Extensions that a source adds to each of its events: spec.ceOverrides.
using System.Text.RegularExpressions;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

internal static partial class CeOverrides
{
    private static readonly string[] Core =
        ["id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time", "data"];

    /// <summary>The extensions; else <paramref name="problem"/> says which of them cannot be one.</summary>
    public static IReadOnlyDictionary<string, string> Read(Resource source, out string? problem)
    {
        const string field = "spec.ceOverrides.extensions";
        var extensions = source.Spec.Map("ceOverrides", "extensions");
        problem = null;
        foreach (var (name, value) in extensions)
        {
            problem = Core.Contains(name) ? $"{field}.{name} is an attribute of CloudEvents itself; use another name"
                : !Name().IsMatch(name) ? $"{field} has '{name}'; names are up to 20 lower-case letters and digits"
                : value.Any(char.IsControl) ? $"{field}.{name} contains a control character; remove it"
                : problem;
        }

        return extensions;
    }

    [GeneratedRegex("^[a-z0-9]{1,20}$")]
    private static partial Regex Name();
}

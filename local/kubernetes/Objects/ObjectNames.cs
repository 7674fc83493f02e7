// The rules for names, label keys and label values.
using System.Text.RegularExpressions;

namespace ServerlessEventing.Local.Kubernetes.Objects;

/// <summary>Checks names as the API server does and says what is wrong in its words.</summary>
public static partial class ObjectNames
{
    private const string SubdomainHint =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        + "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string LabelHint =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        + "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string ServiceHint =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        + "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
        + "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    private const string PathHint = "may not contain '/' or '%', nor be '.' or '..'";

    private const string LabelValueHint =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
        + "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
        + "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string QualifiedHint =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    /// <summary>What is wrong with a name under its kind's rule, or null.</summary>
    public static string? Problem(NameRule rule, string name) => rule switch
    {
        NameRule.Label => Check(name, 63, Label(), LabelHint),
        NameRule.ServiceLabel => Check(name, 63, ServiceLabel(), ServiceHint),
        NameRule.PathSegment => name is "." or ".." || name.AsSpan().IndexOfAny('/', '%') >= 0 ? PathHint : null,
        _ => Check(name, 253, Subdomain(), SubdomainHint),
    };

    public static string? LabelKeyProblem(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0 && Problem(NameRule.Subdomain, key[..slash]) is { } prefix)
        {
            return $"prefix part {prefix}";
        }

        return Check(key[(slash + 1)..], 63, Qualified(), QualifiedHint);
    }

    public static string? LabelValueProblem(string value) =>
        value.Length == 0 ? null : Check(value, 63, Qualified(), LabelValueHint);

    private static string? Check(string name, int longest, Regex rule, string hint) =>
        name.Length > longest ? $"must be no more than {longest} characters"
        : rule.IsMatch(name) ? null
        : hint;

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex ServiceLabel();

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z")]
    private static partial Regex Qualified();
}

/// <summary>Which rule a kind's names follow.</summary>
public enum NameRule
{
    Subdomain,
    Label,
    ServiceLabel,
    PathSegment,
}

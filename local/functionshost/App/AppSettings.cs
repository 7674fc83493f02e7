// Looks app settings up: those given to the host first, its own environment after; and expands %NAME%.
using System.Text.RegularExpressions;

namespace ServerlessEventing.Local.FunctionsHost.App;

/// <summary>The app settings that functions, handler and triggers share.</summary>
public sealed partial class AppSettings(IReadOnlyDictionary<string, string> given)
{
    public IReadOnlyDictionary<string, string> Given => given;

    /// <summary>
    /// The value of a setting; <c>A:B</c> and <c>A__B</c> are the same name. Null when there is none.
    /// </summary>
    public string? Find(string name)
    {
        var flat = name.Replace(":", "__");
        return given.TryGetValue(name, out var value) || given.TryGetValue(flat, out value)
            ? value
            : Environment.GetEnvironmentVariable(flat);
    }

    /// <summary>
    /// Puts values in the place of <c>%NAME%</c>; <paramref name="missing"/> is the first name without one.
    /// </summary>
    public string Expand(string text, out string? missing)
    {
        string? absent = null;
        var expanded = Placeholder().Replace(text, match =>
        {
            var name = match.Groups[1].Value;
            var value = Find(name);
            if (value is null)
            {
                absent ??= name;
            }

            return value ?? match.Value;
        });
        missing = absent;
        return expanded;
    }

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Placeholder();
}

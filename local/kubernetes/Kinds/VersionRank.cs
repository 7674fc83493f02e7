// Orders API versions as Kubernetes does: v2 before v1 before v1beta2 before v1alpha1 before anything else.
using System.Text.RegularExpressions;

namespace ServerlessEventing.Local.Kubernetes.Kinds;

/// <summary>The higher the rank, the more preferred the version.</summary>
public static partial class VersionRank
{
    public static (int Stability, int Major, int Minor) Of(string version)
    {
        var match = Pattern().Match(version);
        if (!match.Success)
        {
            return (0, 0, 0);
        }

        var stability = match.Groups["stage"].Value switch
        {
            "alpha" => 1,
            "beta" => 2,
            _ => 3,
        };
        return (stability, Number(match.Groups["major"].Value), Number(match.Groups["minor"].Value));
    }

    private static int Number(string text) => int.TryParse(text, out var number) ? number : 0;

    [GeneratedRegex(@"^v(?<major>\d+)((?<stage>alpha|beta)(?<minor>\d+))?\z")]
    private static partial Regex Pattern();
}

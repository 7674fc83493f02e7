// Kubernetes label selectors: as text for the API server, and matched against labels here.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary><c>matchLabels</c> and <c>matchExpressions</c>, all of which must hold.</summary>
internal static class LabelSelectors
{
    /// <summary>
    /// The selector as a query (<c>a=b,c in (d,e)</c>), empty when it selects everything; null, with the problem, when
    /// it is none.
    /// </summary>
    public static string? ToQuery(JsonNode? selector, string field, out string? problem)
    {
        List<string> parts = [.. selector.Map("matchLabels").Select(pair => $"{pair.Key}={pair.Value}")];
        problem = null;
        foreach (var expression in selector.Items("matchExpressions"))
        {
            var (key, values) = (expression.Text("key") ?? "", Values(expression));
            var part = (expression.Text("operator"), values.Count) switch
            {
                ("In", > 0) => $"{key} in ({string.Join(',', values)})",
                ("NotIn", > 0) => $"{key} notin ({string.Join(',', values)})",
                ("Exists", 0) => key,
                ("DoesNotExist", 0) => $"!{key}",
                _ => null,
            };
            if (key.Length == 0 || part is null)
            {
                problem = $"{field}.matchExpressions: '{expression.ToJsonString()}' needs a key, and In or NotIn with "
                    + "values, or Exists or DoesNotExist without";
                return null;
            }

            parts.Add(part);
        }

        return string.Join(',', parts);
    }

    /// <summary>Whether labels satisfy a selector that <see cref="ToQuery"/> took.</summary>
    public static bool Matches(JsonNode? selector, IReadOnlyDictionary<string, string> labels) =>
        selector.Map("matchLabels").All(pair => labels.GetValueOrDefault(pair.Key) == pair.Value)
        && selector.Items("matchExpressions").All(expression =>
        {
            var has = labels.TryGetValue(expression.Text("key") ?? "", out var value);
            return expression.Text("operator") switch
            {
                "In" => has && Values(expression).Contains(value!),
                "NotIn" => !has || !Values(expression).Contains(value!),
                "Exists" => has,
                _ => !has,
            };
        });

    private static List<string> Values(JsonNode expression) =>
        [.. expression.Items("values").Select(value => value.Text()).OfType<string>()];
}

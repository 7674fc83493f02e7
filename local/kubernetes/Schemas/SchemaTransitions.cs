// Checks what an update may not change: fields with the rule `self == oldSelf`.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Schemas;

/// <summary>
/// A rule about a value and the one before counts only where there are both: adding and removing pass, as in the API
/// server. List items have no identity here, so nothing inside a list is compared.
/// </summary>
internal static class SchemaTransitions
{
    public static IEnumerable<StatusCause> Check(JsonNode? old, JsonNode? next, Schema schema, string path)
    {
        if (old is null || next is null)
        {
            yield break;
        }

        if (schema.Frozen is { } why && !JsonNode.DeepEquals(old, next))
        {
            // A real server shows the value, unless it is an object or a list.
            var shown = next is JsonValue ? $"{next.ToJsonString(ObjectFields.Compact)}: " : "";
            yield return new("FieldValueInvalid", $"Invalid value: {shown}{why}", path);
            yield break;
        }

        if (old is not JsonObject before || next is not JsonObject after)
        {
            yield break;
        }

        foreach (var (name, field) in schema.Properties)
        {
            foreach (var cause in Check(
                before[name], after[name], field, path.Length == 0 ? name : $"{path}.{name}"))
            {
                yield return cause;
            }
        }
    }
}

// What makes an object the one it is, and no update may change.
using System.Globalization;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>
/// Leaving such a field out keeps it; another value is refused. A creationTimestamp of the client's own is passed over,
/// as by a real server.
/// </summary>
internal static class Identity
{
    /// <summary>For every update. Times count as instants: clients write them with and without fractions.</summary>
    public static ApiStatus? DeletionChanged(ResourceType type, JsonObject old, JsonObject next) =>
        next.Metadata.Text("deletionTimestamp") is { Length: > 0 } given
        && !SameSecond(given, old.Metadata.Text("deletionTimestamp"))
            ? type.Invalid(old.Name, Immutable("deletionTimestamp", given))
            : null;

    /// <summary>For patches; an update with another uid is a conflict instead.</summary>
    public static ApiStatus? Changed(ResourceType type, JsonObject old, JsonObject next)
    {
        if (type.IsCustom && next.ApiVersion != old.ApiVersion)
        {
            return type.Invalid(old.Name, new StatusCause("FieldValueInvalid",
                $"Invalid value: \"{next.ApiVersion}\": must be {old.ApiVersion}", "apiVersion"));
        }

        return next.Uid.Length > 0 && next.Uid != old.Uid
            ? type.Invalid(old.Name, Immutable("uid", next.Uid))
            : null;
    }

    private static bool SameSecond(string given, string kept) =>
        DateTimeOffset.TryParse(given, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var one)
        && DateTimeOffset.TryParse(kept, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var other)
        && one.ToUnixTimeSeconds() == other.ToUnixTimeSeconds();

    private static StatusCause Immutable(string field, string given) =>
        new("FieldValueInvalid", $"Invalid value: \"{given}\": field is immutable", $"metadata.{field}");
}

// The query parameters of a list or a watch, read as a real API server reads them.
using System.Globalization;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>What a reader asks for beyond selectors; what contradicts itself is refused, with its cause.</summary>
/// <param name="Limit">Objects a page; 0: all.</param>
/// <param name="TimeoutSeconds">How long a watch lasts; 0: as the server likes.</param>
/// <param name="Version">The resourceVersion, or null where none is given.</param>
/// <param name="Exact">Only that very version will do.</param>
internal sealed record ReadParameters(
    int Limit, int TimeoutSeconds, long? Version, bool Exact, bool InitialEvents, bool Bookmarks)
{
    public static bool IsWatch(IQueryCollection query) => Flag(query, "watch");

    /// <summary>The failure is a 400 for what is no number, a 422 for what does not go together, and a 504 for a
    /// version that is yet to come (<paramref name="current"/> is the present one).</summary>
    public static Result<ReadParameters> Parse(IQueryCollection query, long current)
    {
        if ((Number(query, "limit", out var limit) ?? Number(query, "timeoutSeconds", out _)) is { } notNumber)
        {
            return notNumber;
        }

        Number(query, "timeoutSeconds", out var timeout);
        List<StatusCause> causes = [.. IsWatch(query) ? WatchCauses(query) : ListCauses(query)];
        if (causes.Count > 0)
        {
            return ApiStatus.Invalid("meta.k8s.io", "ListOptions", "", causes);
        }

        return VersionOf(query, current, out var version) is { } wrong
            ? wrong
            : new ReadParameters(limit, timeout, version, query["resourceVersionMatch"] == "Exact",
                Flag(query, "sendInitialEvents"), Flag(query, "allowWatchBookmarks"));
    }

    /// <summary>Reads the resourceVersion alone; says what is wrong with it.</summary>
    public static ApiStatus? VersionOf(IQueryCollection query, long current, out long? version)
    {
        version = null;
        var text = query["resourceVersion"].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return ApiStatus.BadRequest($"invalid resource version: resourceVersion: Invalid value: \"{text}\": "
                + $"strconv.ParseUint: parsing \"{text}\": invalid syntax");
        }

        version = number;
        return number > current ? ApiStatus.FutureVersion(number, current) : null;
    }

    private static IEnumerable<StatusCause> ListCauses(IQueryCollection query)
    {
        var match = query["resourceVersionMatch"].ToString();
        if (match.Length > 0 && query["resourceVersion"].ToString().Length == 0)
        {
            yield return Forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided");
        }

        if (match.Length > 0 && query["continue"].ToString().Length > 0)
        {
            yield return Forbidden("resourceVersionMatch is forbidden when continue is provided");
        }

        if (match is not ("" or "Exact" or "NotOlderThan"))
        {
            yield return new("FieldValueNotSupported", $"Unsupported value: \"{match}\": supported values: \"Exact\", "
                + "\"NotOlderThan\", \"\"", "resourceVersionMatch");
        }

        if (match == "Exact" && query["resourceVersion"] == "0")
        {
            yield return Forbidden("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        }

        if (query.ContainsKey("sendInitialEvents"))
        {
            yield return Forbidden("sendInitialEvents is forbidden for list", "sendInitialEvents");
        }
    }

    private static IEnumerable<StatusCause> WatchCauses(IQueryCollection query)
    {
        var match = query["resourceVersionMatch"].ToString();
        var initial = query.ContainsKey("sendInitialEvents");
        if (initial && match != "NotOlderThan")
        {
            yield return Forbidden("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }

        if (match.Length > 0 && !initial)
        {
            yield return Forbidden(
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
        }

        if (match is not ("" or "NotOlderThan"))
        {
            yield return new("FieldValueNotSupported",
                $"Unsupported value: \"{match}\": supported values: \"NotOlderThan\"", "resourceVersionMatch");
        }

        if (match.Length > 0 && query["continue"].ToString().Length > 0)
        {
            yield return Forbidden("resourceVersionMatch is forbidden when continue is provided");
        }
    }

    private static StatusCause Forbidden(string why, string field = "resourceVersionMatch") =>
        new("FieldValueForbidden", $"Forbidden: {why}", field);

    /// <summary>Anything but "false" and "0" says yes.</summary>
    private static bool Flag(IQueryCollection query, string name) =>
        query.ContainsKey(name)
        && query[name].ToString() is var text
        && text != "0" && !text.Equals("false", StringComparison.OrdinalIgnoreCase);

    /// <summary>A number, 0 where there is none or less than that.</summary>
    private static ApiStatus? Number(IQueryCollection query, string name, out int number)
    {
        var text = query[name].ToString();
        var isNumber = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var given);
        number = (int)long.Clamp(given, 0, int.MaxValue);
        return isNumber || text.Length == 0
            ? null
            : ApiStatus.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }
}

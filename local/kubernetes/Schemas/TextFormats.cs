// The formats that a string may be asked to have.
using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace ServerlessEventing.Local.Kubernetes.Schemas;

/// <summary>
/// The formats of a CRD that the API server checks, but for the exotic ones (ISBN, credit cards, colours); others say
/// nothing about the value.
/// </summary>
internal static partial class TextFormats
{
    public static bool Fits(string format, string text) => format.Replace("-", "", StringComparison.Ordinal) switch
    {
        "datetime" => DateTimes().IsMatch(text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "duration" => Durations().IsMatch(text),
        "byte" => Convert.TryFromBase64String(text, new byte[text.Length], out _),
        "ipv4" => IsAddress(text, AddressFamily.InterNetwork),
        "ipv6" => IsAddress(text, AddressFamily.InterNetworkV6),
        "cidr" => IsNetwork(text),
        "mac" => MacAddresses().IsMatch(text),
        "uuid" => Uuids().IsMatch(text),
        "uuid3" => Uuids().Match(text).Groups["version"].Value == "3",
        "uuid4" => Uuids().Match(text).Groups["version"].Value == "4",
        "uuid5" => Uuids().Match(text).Groups["version"].Value == "5",
        "hostname" => text.Length <= 255 && HostNames().IsMatch(text),
        "email" => MailAddress.TryCreate(text, out _),
        "uri" => text.StartsWith('/') || Uri.TryCreate(text, UriKind.Absolute, out _),
        _ => true,
    };

    private static bool IsAddress(string text, AddressFamily family) =>
        IPAddress.TryParse(text, out var address) && address.AddressFamily == family
        && (family != AddressFamily.InterNetwork || text.Count(c => c == '.') == 3);

    private static bool IsNetwork(string text)
    {
        var slash = text.LastIndexOf('/');
        return slash > 0 && IPAddress.TryParse(text[..slash], out var address)
            && int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            && length <= (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
    }

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$",
        RegexOptions.CultureInvariant)]
    private static partial Regex DateTimes();

    /// <summary>Go's, such as 1h30m, or one number and a unit in words.</summary>
    [GeneratedRegex(@"^([+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)|\s*\d+\s*(ns|us|µs|ms|s|m|h|d|w|"
        + @"(nano|micro|milli)s(ec(ond)?s?)?|(sec(ond)?|min(ute)?|hr|hour|day|week|wk)s?)\s*)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Durations();

    [GeneratedRegex("^([0-9A-Fa-f]{2}([:-])([0-9A-Fa-f]{2}\\2){4}[0-9A-Fa-f]{2}|([0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4})$",
        RegexOptions.CultureInvariant)]
    private static partial Regex MacAddresses();

    [GeneratedRegex("^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?(?<version>[0-9a-fA-F])[0-9a-fA-F]{3}-?[0-9a-fA-F]{4}-?"
        + "[0-9a-fA-F]{12}$", RegexOptions.CultureInvariant)]
    private static partial Regex Uuids();

    [GeneratedRegex(@"^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
        RegexOptions.CultureInvariant)]
    private static partial Regex HostNames();
}

// HTTP statuses as values of a label: few, and boxed once.
using System.Net;

namespace ServerlessEventing.Functions.Telemetry;

/// <summary>
/// A subscriber may answer with any number. One that HTTP does not know counts as the first of its class, as
/// https://www.rfc-editor.org/rfc/rfc9110#section-15 has clients treat it.
/// </summary>
internal static class Statuses
{
    private const int End = 600;

    private static readonly object[] Boxed = [.. Enumerable.Range(0, End).Select(Box)];

    public static object Of(int status) => Boxed[status is >= 0 and < End ? status : 0];

    private static object Box(int status) => Enum.IsDefined((HttpStatusCode)status) ? status : status / 100 * 100;
}

// Paths that belong to the host alone: a client that finds them is told there is nothing.
using ServerlessEventing.Functions.Ingress;

namespace ServerlessEventing.Functions.Doors;

internal static class FunctionPaths
{
    private static readonly Problem NotForClients = new(
        StatusCodes.Status404NotFound,
        "Nothing takes events here",
        "This is the name of a function, not an address; send to /namespace/broker or /channels/namespace/channel.");

    public static bool IsOne(string path) =>
        LaneFunction.At(path) is not null || IsTimer(path)
        || path.AsSpan(1).SequenceEqual(LaneFunction.HttpFunction);

    public static bool IsTimer(string path) => path.AsSpan(1).SequenceEqual(LaneFunction.TimerFunction);

    public static Task RefuseAsync(HttpContext context) => NotForClients.WriteAsync(context);
}

// The health check of an image without a shell: asks addresses, and the exit code is the answer.
using System.Net.Sockets;

namespace ServerlessEventing.Operator;

/// <summary>
/// <c>--probe http://127.0.0.1:8090/healthz tcp://127.0.0.1:8091</c>: 0 as soon as one of them answers, by 2xx or by
/// taking a connection. One image is the operator and its adapters, so whichever runs in the container is found.
/// </summary>
internal static class Probe
{
    public const string Option = "--probe";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(IReadOnlyList<string> addresses, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        foreach (var address in addresses)
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "tcp"))
            {
                await Console.Error.WriteLineAsync(
                    $"{Option} {address}: give http://host:port/path or tcp://host:port");
                return 2;
            }

            if (await AnswersAsync(uri, limit.Token))
            {
                return 0;
            }
        }

        await Console.Error.WriteLineAsync($"Nothing answers at {string.Join(", ", addresses)}.");
        return 1;
    }

    private static async Task<bool> AnswersAsync(Uri uri, CancellationToken cancellationToken)
    {
        try
        {
            if (uri.Scheme == "tcp")
            {
                using var connection = new TcpClient();
                await connection.ConnectAsync(uri.Host, uri.Port, cancellationToken);
                return true;
            }

            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            using var answer = await http.GetAsync(uri, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure
            is HttpRequestException or SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}

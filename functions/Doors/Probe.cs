// The health check of an image without a shell: asks a URL, and the exit code is the answer.
namespace ServerlessEventing.Functions.Doors;

/// <summary><c>ServerlessEventing.Functions --probe http://127.0.0.1:8080/healthz</c>: 0 when it answers 2xx.</summary>
internal static class Probe
{
    public const string Option = "--probe";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(string url, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
        try
        {
            using var answer = await http.GetAsync(url, cancellationToken);
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"{url} does not answer: {failure.Message}");
            return 1;
        }
    }
}

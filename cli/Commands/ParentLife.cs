// Ends a child of the house when the house ends: its standard input closes, however that came about.
using System.CommandLine;

namespace ServerlessEventing.Cli.Commands;

/// <summary>A token that is cancelled by the command's own, or, for a child, by the end of its stdin.</summary>
internal sealed class ParentLife : IAsyncDisposable
{
    private readonly CancellationTokenSource ending;
    private readonly Task watching;

    private ParentLife(bool isChild, CancellationToken cancellationToken)
    {
        ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        watching = isChild ? WatchAsync() : Task.CompletedTask;
    }

    public static Option<bool> Child { get; } = new("--child")
    {
        Description = "End when standard input closes, so that it does not outlive the process that started it",
    };

    public CancellationToken Token => ending.Token;

    public static ParentLife Watch(ParseResult result, CancellationToken cancellationToken) =>
        new(result.GetValue(Child), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await watching;
        ending.Dispose();
    }

    private async Task WatchAsync()
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[64];
        try
        {
            // Nothing is ever said on it; only its end matters.
            while (await input.ReadAsync(buffer, ending.Token) > 0)
            {
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }

        await ending.CancelAsync();
    }
}

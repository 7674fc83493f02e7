// Brings routing tables from where the operator puts them: a file or a URL.
namespace ServerlessEventing.Functions.Routing;

internal interface ITableFeed
{
    /// <summary>Offers each new table until cancelled.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}

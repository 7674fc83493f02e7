// One house in which every golden case is applied at once, each in its own namespace.
using ServerlessEventing.Operator.Tests.EndToEnd;

namespace ServerlessEventing.Operator.Tests.Golden;

public sealed class GoldenHouse : IAsyncLifetime
{
    public House House { get; } = new()
    {
        // Deployments name it: no port of this moment.
        Settings = options => options with { RoutingTableUri = new Uri("http://operator.example/routing") },
    };

    public async ValueTask InitializeAsync()
    {
        await House.InitializeAsync();
        foreach (var json in GoldenCase.Names.SelectMany(name => new GoldenCase(name).Objects()))
        {
            await House.Apply(json);
        }
    }

    public ValueTask DisposeAsync() => House.DisposeAsync();
}

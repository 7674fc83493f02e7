// Informers as a set: what hears of one kind may look into the others, and a fault there is got over.
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Tests.EndToEnd;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.Cluster;

public sealed class InformerSetTests(House house) : IClassFixture<House>
{
    [Fact]
    public async Task Start_WhoHearsOfTheFirstKind_FindsTheLast()
    {
        using var client = ClusterClient.FromKubeconfig(house.Kubeconfig);
        await using var informers = new InformerSet(client, TimeProvider.System, NullLogger.Instance);
        var looks = 0;
        informers.Changed += _ => Interlocked.Add(ref looks, 1 + informers[ResourceTypes.Watched[^1]].All.Count());
        await informers.StartAsync(ResourceTypes.Watched, CancellationToken.None);
        Assert.True(looks > 0);
    }

    [Fact]
    public async Task Start_WhoHearsOfAChangeFailsOnce_TheKindIsListedAgain()
    {
        using var client = ClusterClient.FromKubeconfig(house.Kubeconfig);
        await using var informers = new InformerSet(client, TimeProvider.System, NullLogger.Instance);
        var faults = 0;
        informers.Changed += _ =>
        {
            if (Interlocked.Increment(ref faults) == 1)
            {
                throw new InvalidOperationException("planted");
            }
        };
        await informers.StartAsync([ResourceTypes.Namespace], CancellationToken.None)
            .WaitAsync(Eventually.DefaultDeadline);
        var name = await house.Namespace();
        await Eventually.True(
            () => informers[ResourceTypes.Namespace].Get(new ResourceKey("", name)) is not null, "it is seen");
    }
}

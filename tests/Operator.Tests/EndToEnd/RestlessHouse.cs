// A house whose operator looks at everything every second, for tests of what it puts right by itself.
namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class RestlessHouse : IAsyncLifetime
{
    public House House { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await House.InitializeAsync();
        await Restart();
    }

    public Task Restart() => House.Restart(Hurried);

    public ValueTask DisposeAsync() => House.DisposeAsync();

    public static OperatorOptions Hurried(OperatorOptions options) => options with
    {
        DriftPeriod = TimeSpan.FromSeconds(1),
        SweepPeriod = TimeSpan.FromSeconds(1),
        DeletionPatience = TimeSpan.FromSeconds(2),
    };
}

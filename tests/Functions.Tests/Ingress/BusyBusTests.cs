// What a producer is answered when the bus is too busy, through both doors.
using System.Net;
using ServerlessEventing.Functions.Tests.House;

namespace ServerlessEventing.Functions.Tests.Ingress;

public sealed class HostDoorBusyBusTests(BusyHostHouse house) : BusyBusTests(house), IClassFixture<BusyHostHouse>;

public sealed class PumpDoorBusyBusTests(BusyPumpHouse house) : BusyBusTests(house), IClassFixture<BusyPumpHouse>;

public abstract class BusyBusTests(FunctionsHouse house)
{
    [Fact]
    public async Task Bus_TooBusy_Answers429WithRetryAfter()
    {
        var broker = await house.AddBrokerAsync();
        using var request = house.Request($"ns/{broker}");
        using var response = await house.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
    }
}

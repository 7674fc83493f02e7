// The mark in UserMetadata.
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Tests.ServiceBus;

public sealed class OwnershipMarkTests
{
    private static readonly BusOwner Owner = new("Channel.messaging.knative.dev", "ns", "orders", "uid-1");

    [Fact]
    public void Mark_WrittenAndRead_IsTheSame()
    {
        var mark = new OwnershipMark("installation", Owner, "0123");
        Assert.Equal(mark, OwnershipMark.Read(mark.ToMetadata()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("someone else's note")]
    [InlineData("{\"not\":\"ours\"}")]
    [InlineData("{broken")]
    public void Mark_ForeignMetadata_IsNone(string? metadata) => Assert.Null(OwnershipMark.Read(metadata));

    [Fact]
    public void Mark_LongestNames_FitsTheBus()
    {
        var owner = new BusOwner(
            "Subscription.messaging.knative.dev", new string('n', 63), new string('a', 253), Uid());
        Assert.True(new OwnershipMark(Uid(), owner, "0123456789abcdef").ToMetadata().Length <= 1024);
    }

    [Fact]
    public void Owner_MadeAnewUnderItsName_IsTheSameObject() =>
        Assert.True(Owner.IsSameObject(Owner with { Uid = "uid-2" }));

    [Fact]
    public void Owner_OfAnotherKind_IsAnotherObject() =>
        Assert.False(Owner.IsSameObject(Owner with { Kind = "InMemoryChannel.messaging.knative.dev" }));

    [Fact]
    public void Entity_NewGenerationAlone_HashesTheSame()
    {
        var entity = new BusSubscription("t", "s")
        {
            ForwardTo = "lane", ForwardDeadLetteredMessagesTo = "dead", Egress = "e", Since = 1,
        };
        Assert.Equal(entity.Hash, (entity with { Since = 2 }).Hash);
        Assert.NotEqual(entity.Hash, (entity with { Rule = new BusRule { Sql = "x = 'a'" } }).Hash);
    }

    private static string Uid() => Guid.NewGuid().ToString();
}

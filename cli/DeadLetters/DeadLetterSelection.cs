// Which dead letters a command is about.
namespace ServerlessEventing.Cli.DeadLetters;

/// <summary>Every condition that is given must hold; with none, all are meant.</summary>
/// <param name="Trigger">Namespace and name of a Trigger or Subscription, or the uid of its egress.</param>
/// <param name="Id">The CloudEvent's id, or the id it bore on its way through us.</param>
internal sealed record DeadLetterSelection(string? Trigger, string? Id)
{
    public static readonly DeadLetterSelection All = new(null, null);

    public bool Matches(DeadLetter letter) =>
        (Trigger is null || letter.Trigger == Trigger || letter.Egress == Trigger)
        && (Id is null || letter.EventId == Id || letter.EventingId == Id);

    public override string ToString() => string.Join(
        ' ', new[] { Trigger is null ? null : $"--trigger {Trigger}", Id is null ? null : $"--id {Id}" }
            .Where(part => part is not null));
}

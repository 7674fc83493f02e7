// Why a schedule is not taken, in robfig/cron's words, and where.
namespace ServerlessEventing.Contract.Cron;

/// <summary>A schedule's mistake.</summary>
/// <param name="Message">robfig/cron's own message.</param>
/// <param name="Position">Index of the character the mistake begins at, from 0.</param>
/// <param name="Field">The field it is in, like <c>day of week</c>, or null.</param>
public sealed record CronFault(string Message, int Position, string? Field = null)
{
    /// <summary>The message with the place: <c>… (day of week, at character 9)</c>, counted from 1.</summary>
    public override string ToString() => Field is null
        ? $"{Message} (at character {Position + 1})"
        : $"{Message} ({Field}, at character {Position + 1})";
}

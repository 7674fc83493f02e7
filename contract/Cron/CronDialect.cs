// Which schedules are taken: what a PingSource allows, or what v0.7's CronJobSource allowed.
namespace ServerlessEventing.Contract.Cron;

/// <summary>The parser options of the two cron sources; both read by the rules of robfig/cron v3.</summary>
public enum CronDialect
{
    /// <summary>Five fields or, with leading seconds, six; descriptors, but never <c>@every</c>.</summary>
    PingSource,

    /// <summary>robfig's ParseStandard: five fields, or a descriptor, <c>@every</c> among them.</summary>
    CronJobSource,
}

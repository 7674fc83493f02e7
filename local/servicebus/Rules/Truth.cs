// Three-valued logic, ordered so that AND is the least, OR the greatest and NOT the mirror.
namespace ServerlessEventing.Local.ServiceBus.Rules;

internal enum Truth
{
    False = 0,
    Unknown = 1,
    True = 2,
}

internal static class TruthExtensions
{
    public static Truth Not(this Truth truth) => (Truth)(2 - (int)truth);

    public static Truth NotIf(this Truth truth, bool negated) => negated ? truth.Not() : truth;

    public static Truth ToTruth(this bool value) => value ? Truth.True : Truth.False;
}

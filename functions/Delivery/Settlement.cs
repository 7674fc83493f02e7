// What becomes of the bus message: the only two answers that both doors can give.
namespace ServerlessEventing.Functions.Delivery;

internal enum Settlement
{
    /// <summary>Done here: delivered, discarded, or its next step is published and confirmed.</summary>
    Complete,

    /// <summary>Nothing could be decided; the bus hands the message out again.</summary>
    Abandon,
}

// How publishing a message ended.
namespace ServerlessEventing.Functions.Publishing;

internal enum PublishResult
{
    /// <summary>The bus has it.</summary>
    Confirmed,

    /// <summary>The bus asks to slow down, or the entity is full.</summary>
    Busy,

    /// <summary>The message is larger than the bus takes.</summary>
    TooLarge,

    /// <summary>There is no such entity, or it is disabled.</summary>
    NoEntity,

    /// <summary>The bus did not answer or could not be reached.</summary>
    Unreachable,
}

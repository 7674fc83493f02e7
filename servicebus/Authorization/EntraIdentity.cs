// Which Microsoft Entra identity a connection string means.
using System.Runtime.CompilerServices;
using Azure.Core;
using Azure.Identity;

namespace ServerlessEventing.ServiceBus.Authorization;

/// <summary>The identity of the place we run in, or of the developer at the keyboard.</summary>
/// <param name="ManagedOnly">Managed identity and nothing else.</param>
/// <param name="ClientId">The user-assigned or workload identity, where there are several.</param>
/// <param name="TenantId">The tenant to ask for tokens, where it is not the identity's own.</param>
internal sealed record EntraIdentity(bool ManagedOnly, string? ClientId, string? TenantId)
{
    /// <summary>
    /// Azure.Identity's credential. Kept out of line: its assemblies are loaded only where an identity is used.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public TokenCredential ToTokenCredential() => ManagedOnly
        ? new ManagedIdentityCredential(
            ClientId is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(ClientId))
        : new DefaultAzureCredential(new DefaultAzureCredentialOptions
        {
            ManagedIdentityClientId = ClientId,
            WorkloadIdentityClientId = ClientId,
            TenantId = TenantId,
        });
}

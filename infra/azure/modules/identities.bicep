// Three identities, each with the least it needs on the bus: the functions send and receive, the operator and KEDA's
// counts need the management API.

param name string
param location string
param serviceBusName string
param clusterIssuer string
param tags object

// Ids of built-in roles, the same in every tenant.
var dataOwner = '090c5cfd-751d-490a-894a-3ce6f1109419'
var dataSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
var dataReceiver = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'

resource serviceBus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusName
}

resource operatorIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-operator'
  location: location
  tags: tags
}

resource functionsIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-functions'
  location: location
  tags: tags
}

resource kedaIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = if (!empty(clusterIssuer)) {
  name: '${name}-keda'
  location: location
  tags: tags
}

resource operatorOwns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(serviceBus.id, operatorIdentity.id, dataOwner)
  scope: serviceBus
  properties: {
    principalId: operatorIdentity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', dataOwner)
  }
}

resource functionsMay 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [dataSender, dataReceiver]: {
    name: guid(serviceBus.id, functionsIdentity.id, role)
    scope: serviceBus
    properties: {
      principalId: functionsIdentity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

// Reading counts takes the management API, and that takes the owner role; nothing smaller has it.
resource kedaCounts 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(clusterIssuer)) {
  name: guid(serviceBus.id, '${name}-keda', dataOwner)
  scope: serviceBus
  properties: {
    principalId: kedaIdentity!.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', dataOwner)
  }
}

// In a cluster a pod proves who it is by its service account's token, which the cluster's issuer signs.
resource operatorInCluster 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = if (!empty(clusterIssuer)) {
  parent: operatorIdentity
  name: 'cluster'
  properties: {
    issuer: clusterIssuer
    subject: 'system:serviceaccount:serverless-eventing:eventing-operator'
    audiences: ['api://AzureADTokenExchange']
  }
}

resource functionsInCluster 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = if (!empty(clusterIssuer)) {
  parent: functionsIdentity
  name: 'cluster'
  properties: {
    issuer: clusterIssuer
    subject: 'system:serviceaccount:serverless-eventing:eventing-functions'
    audiences: ['api://AzureADTokenExchange']
  }
}

resource kedaInCluster 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = if (!empty(clusterIssuer)) {
  parent: kedaIdentity
  name: 'cluster'
  properties: {
    issuer: clusterIssuer
    subject: 'system:serviceaccount:keda:keda-operator'
    audiences: ['api://AzureADTokenExchange']
  }
}

output operatorClientId string = operatorIdentity.properties.clientId
output operatorPrincipalId string = operatorIdentity.properties.principalId
output functionsClientId string = functionsIdentity.properties.clientId
output functionsIdentityName string = functionsIdentity.name
output kedaClientId string = empty(clusterIssuer) ? '' : kedaIdentity!.properties.clientId

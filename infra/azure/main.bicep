// Everything in Azure: the Service Bus namespace with its lanes, identities with least roles, and, where the functions
// run in Azure and not in a cluster, the Function App with its storage and monitoring.
//   az deployment group create --resource-group eventing --template-file main.bicep --parameters main.bicepparam

targetScope = 'resourceGroup'

@description('Start of every name; letters and digits.')
@minLength(3)
@maxLength(11)
param name string

@description('Region of everything.')
param location string = resourceGroup().location

@description('Standard is metered by operation, Premium by messaging unit and meant for load; docs/scaling.md.')
@allowed(['Standard', 'Premium'])
param serviceBusTier string = 'Standard'

@description('Messaging units of the Premium tier.')
@allowed([1, 2, 4, 8, 16])
param messagingUnits int = 1

@description('Whether the functions run here, in a Function App. False: they run in a cluster.')
param deployFunctionApp bool = true

@description('Address of the routing table that the operator writes: the blob it puts it in, or any https URL.')
param routingTable string = ''

@description('OIDC issuer of the cluster that the operator, and maybe the functions and KEDA, run in; empty for none.')
param clusterIssuer string = ''

@description('Tags of everything.')
param tags object = {}

var suffix = take(uniqueString(resourceGroup().id, name), 6)

module serviceBus 'modules/service-bus.bicep' = {
  name: 'service-bus'
  params: {
    name: '${name}-${suffix}'
    location: location
    tier: serviceBusTier
    messagingUnits: messagingUnits
    tags: tags
  }
}

module identities 'modules/identities.bicep' = {
  name: 'identities'
  params: {
    name: name
    location: location
    serviceBusName: serviceBus.outputs.name
    clusterIssuer: clusterIssuer
    tags: tags
  }
}

module functionApp 'modules/function-app.bicep' = if (deployFunctionApp) {
  name: 'function-app'
  params: {
    name: '${name}-${suffix}'
    location: location
    identityName: identities.outputs.functionsIdentityName
    operatorPrincipalId: identities.outputs.operatorPrincipalId
    serviceBusNamespace: serviceBus.outputs.fullyQualifiedNamespace
    routingTable: routingTable
    tags: tags
  }
}

@description('settings.env of infra/kustomize/overlays/azure-workload-identity, line by line.')
output overlaySettings array = [
  'serviceBusNamespace=${serviceBus.outputs.fullyQualifiedNamespace}'
  'serviceBusNamespaceName=${serviceBus.outputs.name}'
  'operatorClientId=${identities.outputs.operatorClientId}'
  'functionsClientId=${identities.outputs.functionsClientId}'
  'kedaClientId=${identities.outputs.kedaClientId}'
]

@description('Where producers post, as https://<this>/<namespace>/<broker>; empty without a Function App.')
output ingressHost string = deployFunctionApp ? functionApp!.outputs.hostName : ''

@description('Name to publish the function app to; empty without one.')
output functionAppName string = deployFunctionApp ? functionApp!.outputs.name : ''

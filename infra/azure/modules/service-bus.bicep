// The namespace, empty: the operator makes the queues and topics, marks them as its own and keeps them as they should be.

param name string
param location string
param tier string
param messagingUnits int
param tags object

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: union({ name: tier, tier: tier }, tier == 'Premium' ? { capacity: messagingUnits } : {})
  properties: {
    minimumTlsVersion: '1.2'
    // Identities only; a connection string would be a secret to keep.
    disableLocalAuth: true
  }
}

output name string = namespace.name
output fullyQualifiedNamespace string = '${namespace.name}.servicebus.windows.net'

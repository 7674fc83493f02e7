// A first try: everything in Azure on the Standard tier. Copy and change.
using 'main.bicep'

param name = 'eventing'
param serviceBusTier = 'Standard'
param deployFunctionApp = true

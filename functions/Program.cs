// Entry point of the custom handler.
using ServerlessEventing.Functions;

return await FunctionsApplication.RunAsync(args);

// One JSON line a test, for JavaScriptSdkTests.cs to read.
export default async function* reporter(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") {
      continue;
    }
    if (data.details.type === "suite" || data.name.endsWith(".test.js")) {
      // A file is reported as a test of its own only when it fails to load or to end.
      if (type === "test:pass" || data.details.error?.failureType === "subtestsFailed") {
        continue;
      }
    }
    const error = data.details.error?.cause ?? data.details.error;
    yield JSON.stringify({
      name: data.name,
      passed: type === "test:pass",
      skipped: data.skip !== undefined,
      milliseconds: Math.round(data.details.duration_ms),
      error: type === "test:fail" ? String(error?.stack ?? error) : null,
    }) + "\n";
  }
}

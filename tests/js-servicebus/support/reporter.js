// One JSON line a test, for NodeProject.cs to read.
import { inspect } from "node:util";

export default async function* reporter(events) {
  const stderr = new Map();
  for await (const { type, data } of events) {
    if (type === "test:stderr") {
      stderr.set(data.file, ((stderr.get(data.file) ?? "") + data.message).slice(-4_000));
    }
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
      todo: data.todo !== undefined,
      milliseconds: Math.round(data.details.duration_ms),
      error: type === "test:fail" ? `${error?.stack ?? inspect(error)}\n${stderr.get(data.name) ?? ""}` : null,
    }) + "\n";
  }
}

// Reads `go test -json` and prints what one wants to read of it: a line per package, the output of what failed.
// Usage: go test -json ... | node go-test-report.mjs COUNTS SKIPPED
// COUNTS gets "passed failed skipped" of the tests that have no subtests, to SKIPPED goes a line per skipped test.
import { appendFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , countsFile, skippedFile] = process.argv;
const output = new Map(); // package and test -> its lines
const results = new Map();
const parents = new Set();
let failedPackages = 0;

const keyOf = ({ Package = "", Test = "" }) => `${Package} ${Test}`;

function packageDone(event) {
  const own = output.get(`${event.Package} `) ?? [];
  if (event.Action === "fail") {
    const failed = [...results].filter(([key, action]) => key.startsWith(`${event.Package} `) && action === "fail");
    for (const [key] of failed) process.stdout.write((output.get(key) ?? []).join(""));
    if (failed.length === 0) {
      failedPackages++; // it panicked outside of a test, or did not build
      for (const [key, lines] of output) if (key.startsWith(`${event.Package} `)) process.stdout.write(lines.join(""));
    }
    process.stdout.write(own.filter((line) => !line.startsWith("PASS")).join(""));
  } else if (!own.some((line) => line.includes("[no test files]"))) {
    process.stdout.write(`ok   ${event.Package}  ${event.Elapsed ?? 0}s\n`);
  }
  for (const key of output.keys()) if (key.startsWith(`${event.Package} `) && results.get(key) !== "skip") output.delete(key);
}

for await (const line of createInterface({ input: process.stdin })) {
  let event;
  try {
    event = JSON.parse(line);
  } catch {
    console.log(line);
    continue;
  }
  if (event.Action === "build-output") process.stdout.write(event.Output);
  if (event.Action === "output") {
    const key = keyOf(event);
    if (!output.has(key)) output.set(key, []);
    output.get(key).push(event.Output);
  }
  if (!["pass", "fail", "skip"].includes(event.Action)) continue;
  if (event.Test === undefined) {
    packageDone(event);
    continue;
  }
  results.set(keyOf(event), event.Action);
  for (let at = event.Test.lastIndexOf("/"); at > 0; at = event.Test.lastIndexOf("/", at - 1)) {
    parents.add(`${event.Package} ${event.Test.slice(0, at)}`);
  }
}

const count = { pass: 0, fail: failedPackages, skip: 0 };
const skipped = [];
for (const [key, action] of results) {
  if (parents.has(key)) continue;
  count[action]++;
  if (action !== "skip") continue;
  const why = (output.get(key) ?? []).filter((line) => !/^\s*(===|---)/.test(line)).join(" ").trim();
  skipped.push(`${key}: ${why.replace(/\s+/g, " ")}`);
}
writeFileSync(countsFile, `${count.pass} ${count.fail} ${count.skip}\n`);
appendFileSync(skippedFile, skipped.map((line) => `${line}\n`).join(""));
process.exitCode = count.fail === 0 ? 0 : 1;

#!/usr/bin/env node
// Stands in for helm-diff: keeps what it is asked and the values it is given, and answers as told.
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { RecordedDiff } from "../repository.ts";

const { DIFF_RECORDER_FOLDER = "", DIFF_RECORDER_CHANGED = "", HELM_BIN = "" } = process.env;
const argv = process.argv.slice(2);
const files = argv.filter((_, at) => ["-f", "--values"].includes(argv[at - 1] ?? ""));
const call: RecordedDiff = {
  argv,
  helmBin: HELM_BIN,
  values: files.map((file) => parse(readFileSync(file, "utf8"))),
};
writeFileSync(join(DIFF_RECORDER_FOLDER, `${randomUUID()}.json`), JSON.stringify(call));

const isChanged = DIFF_RECORDER_CHANGED.split(",").some((release) => argv.includes(release));
process.exitCode = isChanged && argv.includes("--detailed-exitcode") ? 2 : 0;

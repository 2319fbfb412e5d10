// node code-cache.ts PROGRAM CACHE [ARGUMENT…]: runs a bundled program once as boot.ts does, then writes the code cache, in
// which the functions that ran are compiled.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";

const [node = "", self = "", program = "", cache = "", ...argv] = process.argv;
const script = new Script(readFileSync(program, "latin1"), { filename: "program.js" });
process.argv = [node, self, ...argv];
process.on("exit", () => writeFileSync(cache, script.createCachedData()));
const start: (require: NodeJS.Require) => void = script.runInThisContext();
start(createRequire(process.execPath));

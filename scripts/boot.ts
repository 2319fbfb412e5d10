// The first thing an executable runs. The program comes with a code cache in which the functions of a real run are compiled
// already: Node's own `useCodeCache` holds only what runs at load: test/bench/README.md.

/** Set by the build. */
declare const VERSION: string;

function boot(): void {
  // Imports would be loaded for --version as well, at a tenth of its time.
  const { createRequire } = process.getBuiltinModule("node:module");
  const { getRawAsset } = process.getBuiltinModule("node:sea");
  const { Script } = process.getBuiltinModule("node:vm");
  const source = Buffer.from(getRawAsset("program.js")).toString("latin1");
  const cachedData = Buffer.from(getRawAsset("program.cache"));
  const script = new Script(source, { filename: "program.js", cachedData });
  const program: (require: NodeJS.Require) => void = script.runInThisContext();
  program(createRequire(process.execPath));
}

// Asked for at every start of a shell prompt, and by helmfile: not worth loading a program for.
if (process.argv.length === 3 && process.argv[2] === "--version")
  process.stdout.write(`${VERSION}\n`);
else boot();

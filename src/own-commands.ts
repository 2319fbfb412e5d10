// What each command of ours is made of: edges put into flows, each loaded where its command runs.
import type { RecoverOptions } from "./cli/recover-command.ts";
import { resolveSettings } from "./cli/settings.ts";
import { askHelm, clusterAccess } from "./deploy-ports.ts";
import { NotifyError } from "./domain/errors.ts";
import type { HelmExit } from "./flow/ports.ts";
import { parseArgv } from "./helm/argv.ts";
import { GLOBAL_FLAGS } from "./helm/flags.ts";
import type { Host } from "./host.ts";
import { placeArgv } from "./release/connection-flags.ts";

/** Commands of ours, by commander. `words[0]` is the command's name, if any. */
export async function runOwn(words: readonly string[], host: Host): Promise<HelmExit> {
  const { program, exitCode } = await ownProgram(host);
  const [first, second = ""] = words;
  if (first === undefined) program.outputHelp();
  else await program.parseAsync(first === "help" ? [second, "--help"] : words, { from: "user" });
  return { kind: "exited", code: exitCode() };
}

async function ownProgram(host: Host) {
  const { createProgram } = await import("./cli/program.ts");
  let code = 0;
  const program = createProgram(
    {
      plan: async (argv, help) => {
        const { printPlan } = await import("./plan-commands.ts");
        code = await printPlan(argv, help, host);
      },
      values: async (argv, help) => {
        const { printValues } = await import("./plan-commands.ts");
        await printValues(argv, help, host);
      },
      preview: async (argv, help) => {
        const { preview } = await import("./plan-commands.ts");
        await preview(argv, help, host);
      },
      init: async (chart, options) => init(chart, options, host),
      announce: async (request) => {
        const { runAnnounce } = await import("./announce-ports.ts");
        const report = await runAnnounce(request, host);
        host.writeOut(report.text);
        code = report.exitCode;
      },
      bump: async (options) => {
        const { runBump } = await import("./bump-ports.ts");
        const { describeBump } = await import("./flow/bump.ts");
        const { latestChoice, tagChecker } = await import("./tags-ports.ts");
        const { ledgerReader } = await import("./environment-ports.ts");
        const leftOut: string[] = [];
        const leaveOut = (service: string, { message }: NotifyError) => {
          leftOut.push(service);
          host.say(`warning: ${service} is left as it is: ${message}`);
        };
        const choices = options.isLatest
          ? { choose: latestChoice(options.latest, host, ledgerReader(host), leaveOut) }
          : {};
        host.writeOut(
          describeBump(await runBump(options, host, { ...choices, hasTag: tagChecker(host) })),
        );
        if (leftOut.length > 0) {
          throw new NotifyError("LEFT_OUT", `left as they are: ${leftOut.join(", ")}`, {
            hint: "The warnings above say why; the other services are done.",
          });
        }
      },
      promote: async (options) => {
        const { runPromote } = await import("./environment-ports.ts");
        const { ask } = await import("./io/ask.ts");
        const askHere = (question: string) => ask(question, host.terminal);
        const { describeBump } = await import("./flow/bump.ts");
        const { tagChecker } = await import("./tags-ports.ts");
        host.writeOut(describeBump(await runPromote(options, host, askHere, tagChecker(host))));
      },
      tags: async (request) => {
        const { runTags } = await import("./tags-ports.ts");
        const { ledgerReader } = await import("./environment-ports.ts");
        const { text, warnings, error } = await runTags(request, host, ledgerReader(host));
        host.writeOut(text);
        for (const warning of warnings) host.say(`warning: ${warning}`);
        if (error) throw error;
      },
      live: async (options) => {
        const { runLive } = await import("./environment-ports.ts");
        const report = await runLive(options, host, ".");
        host.writeOut(report.text);
        code = report.exitCode;
      },
      lock: async (request) => {
        const { runLock } = await import("./lock-ports.ts");
        await runLock(request, host);
      },
      unlock: async (request) => {
        const { runUnlock } = await import("./lock-ports.ts");
        await runUnlock(request, host);
      },
      doctor: async (request) => {
        const { runDoctor } = await import("./doctor-ports.ts");
        const report = await runDoctor(request, host, ".");
        host.writeOut(report.text);
        code = report.exitCode;
      },
      recover: async (options) => {
        code = await runRecover(options, host);
      },
      log: async (request) => {
        const { runLog } = await import("./environment-ports.ts");
        host.writeOut(await runLog(request, host, "."));
      },
    },
    { writeOut: host.writeOut, writeErr: (text) => text.trimEnd().split("\n").forEach(host.say) },
    host.version,
  );
  return { program, exitCode: () => code };
}

async function runRecover(options: RecoverOptions, host: Host): Promise<number> {
  const { recover } = await import("./flow/recover.ts");
  const { tell } = await import("./helm-commands.ts");
  const { endingPorts } = await import("./recover-ports.ts");
  const { ask } = await import("./io/ask.ts");
  const { release, output } = options;
  const flags = placeArgv(options);
  const access = clusterAccess(parseArgv(flags, GLOBAL_FLAGS), resolveSettings([], host.env), host);
  // JSON is alone on stdout.
  const helm = () => ({ ...host.helm(), ...(output === "json" && { stdout: 2 as const }) });
  try {
    const ports = await endingPorts({ host, release, openApi: access.openNewApi });
    try {
      const askHere = (question: string) => ask(question, host.terminal);
      return await recover(options, {
        ...ports,
        ask: host.isInteractive ? askHere : undefined,
        print: (line) => host.writeOut(`${line}\n`),
        rollBack: (revision) => {
          const hooks = options.isWithoutHooks ? ["--no-hooks"] : [];
          const argv = ["rollback", release, String(revision), ...hooks, ...flags];
          return tell(argv, [0], "rollback", { ...host, helm });
        },
      });
    } finally {
      ports.close();
    }
  } finally {
    access.close();
  }
}

async function init(folder: string, options: { dryRun: boolean }, host: Host): Promise<void> {
  const { initChart } = await import("./flow/init.ts");
  const { changeChart, readChartTree } = await import("./io/chart-files.ts");
  const { readLibraryChart } = await import("./io/library-chart.ts");
  const { readChart } = await import("./helm/chart/chart-reader.ts");
  const { createGit } = await import("./git/git.ts");
  const { isIgnored } = await import("./git/working-copy.ts");
  await initChart(
    folder,
    { isDryRun: options.dryRun },
    {
      readChartTree,
      changeChart,
      readLibrary: readLibraryChart,
      readChart: async (chart) => readChart({ chart, chartFlags: [] }, askHelm(host)),
      isIgnored: async (file) => isIgnored(createGit(host.env), folder, file),
      print: (line) => host.writeOut(`${line}\n`),
    },
  );
}

/** None where there is no helm-notify.yaml, or not a valid one: whoever types is not to be told of it. */
async function knownNames() {
  const { readDeployment } = await import("./environment-ports.ts");
  try {
    const { environments, services } = readDeployment(".").config;
    return { environments: Object.keys(environments), services: Object.keys(services) };
  } catch (error) {
    if (error instanceof NotifyError) return { environments: [], services: [] };
    throw error;
  }
}

/** Completions in cobra's protocol. */
export async function completeWords(words: readonly string[], host: Host): Promise<HelmExit> {
  const { complete } = await import("./cli/completion.ts");
  const { program } = await ownProgram(host);
  const completion = complete(words, program, await knownNames());
  if (completion.kind === "answer") {
    host.writeOut(`${completion.lines.join("\n")}\n`);
    return { kind: "exited", code: 0 };
  }
  const { code, stdout } = await askHelm(host)(completion.argv);
  host.writeOut([...completion.alsoOwn.map((line) => `${line}\n`), stdout].join(""));
  return { kind: "exited", code };
}

// Someone with a copy of a deployment repository of examples/, helmfile, and a diff plugin.
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type HelmMajor, helmDiffPath, helmfilePath } from "../../scripts/toolbox.ts";
import { type Bed, type Deployer, HELM_NOTIFY, openDeployer } from "../support/bed.ts";
import { type Finished, run, type RunOptions } from "../support/process.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");

export type DiffPlugin = "helm-diff" | "recorder";

/** What the recorder was asked. */
export interface RecordedDiff {
  readonly argv: readonly string[];
  readonly helmBin: string;
  /** Of its values files, in their order. */
  readonly values: readonly unknown[];
}

export interface Repository extends Deployer {
  /** Its folder. */
  readonly repository: string;
  /** A line as typed there; helmfile, helm-notify and helm are on the PATH. */
  readonly shell: (line: string, options?: RunOptions) => Promise<Finished>;
  /** On staging. */
  readonly helmfile: (argv: readonly string[], options?: RunOptions) => Promise<Finished>;
  /** In no order: helmfile asks for several releases at once. */
  readonly recordedDiffs: () => RecordedDiff[];
  readonly userValues: (release: string) => Promise<unknown>;
}

export async function openRepository(
  bed: Bed,
  major: HelmMajor,
  diff: DiffPlugin,
  example: "helmfile" | "deployment" = "helmfile",
): Promise<Repository> {
  const deployer = await openDeployer(bed, major);
  const { folder, namespace } = deployer;
  const chart = join(folder, "chart-snippets/test-chart");
  const repository = join(folder, "examples", example);
  const records = join(folder, "records");
  mkdirSync(join(folder, "chart-snippets"));
  renameSync(deployer.chart, chart);
  cpSync(join(EXAMPLES, example), repository, { recursive: true });
  symlinkSync(HELM_NOTIFY, join(folder, "helm-notify"));
  symlinkSync(helmfilePath(), join(folder, "helmfile"));
  installDiff(diff, join(folder, "data/plugins/diff"));
  mkdirSync(records);

  const env = {
    ...deployer.env,
    HELMFILE_NAMESPACE: namespace,
    DIFF_RECORDER_FOLDER: records,
  };
  const withRecorder = (options: RunOptions = {}) => ({
    ...options,
    env: { ...env, ...options.env },
  });
  const runHere = (command: readonly string[], options?: RunOptions) =>
    run(command, { cwd: repository, ...withRecorder(options) });
  return {
    ...deployer,
    chart,
    env,
    helm: (argv, options) => deployer.helm(argv, withRecorder(options)),
    notify: (argv, options) => deployer.notify(argv, withRecorder(options)),
    repository,
    shell: (line, options) => runHere(["sh", "-c", line], options),
    helmfile: (argv, options) => runHere(["helmfile", "-e", "staging", ...argv], options),
    recordedDiffs: () =>
      readdirSync(records).map((file): RecordedDiff =>
        JSON.parse(readFileSync(join(records, file), "utf8")),
      ),
    userValues: async (release) =>
      JSON.parse((await deployer.helm(["get", "values", release, "-o", "json"])).stdout),
  };
}

function installDiff(plugin: DiffPlugin, folder: string): void {
  if (plugin === "recorder") {
    symlinkSync(join(import.meta.dirname, "diff-recorder"), folder);
    return;
  }
  mkdirSync(folder);
  symlinkSync(helmDiffPath(), join(folder, "helm-diff"));
  writeFileSync(
    join(folder, "plugin.yaml"),
    'name: diff\nversion: 3.9.14\nusage: diff\ndescription: diff\ncommand: "$HELM_PLUGIN_DIR/helm-diff"\n',
  );
}

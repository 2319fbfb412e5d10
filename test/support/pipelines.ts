// The jobs of CI files, run as their runners run them: the shell steps, with the variables that the CI sets.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Finished, run } from "./process.ts";

type Variables = Readonly<Record<string, string>>;

export interface Job {
  /** The clone it runs in. */
  readonly folder: string;
  readonly name: string;
  /** Its place in the matrix. */
  readonly environment?: string;
  /** Of the repository at its host. */
  readonly slug: string;
  readonly ref: string;
  readonly sha: string;
}

export interface GitHubWorkflow {
  readonly permissions?: object;
  readonly env?: Variables;
  readonly jobs: Readonly<Record<string, GitHubJob>>;
}

interface GitHubJob {
  readonly permissions?: object;
  readonly env?: Variables;
  readonly steps: readonly {
    readonly id?: string;
    readonly uses?: string;
    readonly run?: string;
    readonly env?: Variables;
  }[];
}

interface Step {
  readonly script: string;
  readonly env: Variables;
}

/** `given` is what `${{ … }}` stands for, `env` the machine's own. */
export async function runGitHubJob(job: Job, given: Variables, env: Variables): Promise<Finished> {
  const expressions: Variables = { ...given, "matrix.environment": job.environment ?? "" };
  const fill = (text: string, outputs: Variables) =>
    text.replace(/\$\{\{ *(.*?) *\}\}/g, (_, expression: string) => {
      const value = { ...expressions, ...outputs }[expression];
      if (value !== undefined) return value;
      throw new Error(`nobody gave the job ${job.name} ${expression}`);
    });
  const folder = join(job.folder, ".github/workflows");
  const workflows: GitHubWorkflow[] = readdirSync(folder).map((file) => readYaml(folder, file));
  const workflow = workflows.find(({ jobs }) => job.name in jobs);
  const { steps = [], env: jobEnv } = workflow?.jobs[job.name] ?? {};
  const runnerTemp = env["TMPDIR"] ?? "";
  return runSteps(
    shellSteps(),
    job,
    // https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    {
      ...env,
      GITHUB_ACTIONS: "true",
      GITHUB_ACTOR: "jane",
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_REPOSITORY: job.slug,
      GITHUB_REF_NAME: job.ref,
      GITHUB_SHA: job.sha,
      GITHUB_RUN_ID: "7",
      RUNNER_TEMP: runnerTemp,
    },
  );

  /** Each is asked for when the one before it has ended: it may use what that put out. */
  function* shellSteps(): Iterable<Step> {
    const outputs: Record<string, string> = {};
    for (const { id, run: script, env: own } of steps) {
      if (script === undefined) continue;
      const file = join(mkdtempSync(join(runnerTemp, "step-")), "output");
      writeFileSync(file, "");
      const variables = mapped({ ...workflow?.env, ...jobEnv, ...own }, (text) =>
        fill(text, outputs),
      );
      yield { script, env: { ...variables, GITHUB_OUTPUT: file } };
      for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
        const [name = "", value = ""] = line.split(/=(.*)/s);
        outputs[`steps.${id}.outputs.${name}`] = value;
      }
    }
  }
}

/** `given` are the project's variables, which are stronger than those of the file. */
export async function runGitLabJob(job: Job, given: Variables, env: Variables): Promise<Finished> {
  const url = `https://gitlab.example.com/${job.slug}`;
  const pipeline = readYaml(job.folder, ".gitlab-ci.yml");
  const { script = [], variables }: { script?: string[]; variables?: Variables } =
    pipeline[job.name] ?? {};
  return runSteps(script.length === 0 ? [] : [{ script: script.join("\n"), env: given }], job, {
    ...env,
    // https://docs.gitlab.com/ci/variables/predefined_variables/
    GITLAB_CI: "true",
    GITLAB_USER_LOGIN: "jane",
    CI_SERVER_HOST: "gitlab.example.com",
    CI_PROJECT_PATH: job.slug,
    CI_PROJECT_URL: url,
    CI_JOB_URL: `${url}/-/jobs/7`,
    CI_COMMIT_TAG: job.ref,
    CI_COMMIT_SHA: job.sha,
    ENVIRONMENT: job.environment ?? "",
    ...pipeline.variables,
    ...variables,
  });
}

/** In the plainest shell: what runs there runs in the runners' bash too. */
async function runSteps(steps: Iterable<Step>, job: Job, env: Variables): Promise<Finished> {
  let end: Finished | undefined;
  for (const step of steps) {
    const shell = ["sh", "-e", "-c", step.script];
    const next = await run(shell, { cwd: job.folder, env: { ...env, ...step.env } });
    const { stdout = "", stderr = "" } = end ?? {};
    end = { ...next, stdout: stdout + next.stdout, stderr: stderr + next.stderr };
    if (next.code !== 0) break;
  }
  if (end === undefined) throw new Error(`there is no job ${job.name}`);
  return end;
}

function readYaml(folder: string, file: string) {
  return parse(readFileSync(join(folder, file), "utf8"));
}

function mapped(variables: Variables, change: (value: string) => string): Variables {
  return Object.fromEntries(Object.entries(variables).map(([key, text]) => [key, change(text)]));
}

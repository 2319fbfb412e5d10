// What the tests of `bump` bump in: repositories of a Git server over SSH, and the one most of them open.
import { afterAll, beforeAll } from "vitest";
import {
  type DeploymentRepository,
  type Files,
  openDeploymentRepository,
  type RepositoryOptions,
} from "./deployment-repository.ts";
import { type Sshd, startSshd } from "./ssh/sshd.ts";

export const SHA = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432";
export const STAGING = `# Staging.

api:   # the API
  image:
    repository: acme/api
    tag: "1.3.2"   # bumped by CI
    revision: 0a1b2c3
web: {image: {tag: 2.0.0}}
worker:
  image:
    tag: main-0000001
`;
const FILES: Files = {
  "helm-notify.yaml": `
environments:
  staging: {values: environments/staging.yaml}
  production: {values: environments/production.yaml, promoteFrom: staging}
  broken: {values: environments/broken.yaml}
  gone: {values: environments/gone.yaml}
services:
  api: {image: registry.example.com/acme/api, source: "https://git.example.com/acme/api.git"}
  web: {}
  worker: {}
  map: {tag: api.image}
`,
  "environments/staging.yaml": STAGING,
  "environments/production.yaml": STAGING.replace("1.3.2", "1.2.0"),
  "environments/broken.yaml": "api: [\nweb: {\n",
};

export const THREAD = "C0123456789/1763719200.000100";
export const STAGING_API = [
  "--env",
  "staging",
  "--service",
  "api",
  "--tag",
  "1.4.0",
  "--revision",
  SHA,
];

export const api = (tag: string) => ["--env", "staging", `api=${tag}`];

interface GitServer {
  readonly sshd: () => Sshd;
  readonly open: (files?: Files, options?: RepositoryOptions) => Promise<DeploymentRepository>;
}

/** For all tests of a file; `files` stand in a repository that is opened without. */
export function useGitServer(files = FILES): GitServer {
  let sshd: Sshd;
  const repositories: DeploymentRepository[] = [];
  beforeAll(async () => {
    sshd = await startSshd();
  }, 120_000);
  afterAll(async () => {
    for (const repository of repositories) repository.close();
    await sshd.stop();
  });
  return {
    sshd: () => sshd,
    open: async (given = files, options) => {
      const repository = await openDeploymentRepository(sshd, given, options);
      repositories.push(repository);
      return repository;
    },
  };
}

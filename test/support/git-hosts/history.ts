// A real Git repository to answer from: what a double says of its commits is what git says.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface PlannedCommit {
  readonly name: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly author?: string;
}

export interface LoggedCommit {
  readonly hash: string;
  readonly parents: readonly string[];
  readonly author: string;
  readonly email: string;
  readonly date: string;
  readonly message: string;
}

export interface History {
  readonly hashOf: (name: string) => string;
  /** Whole name of a commit by its whole or shortened one; `undefined` for a stranger. */
  readonly resolve: (revision: string) => string | undefined;
  /** What is in `include` and not in `exclude`, newest first. */
  readonly log: (include: string, exclude?: string) => readonly LoggedCommit[];
  readonly count: (include: string, exclude: string) => number;
  readonly remove: () => void;
}

const FIRST_SECOND = 1_700_000_000;

/** Commits a minute apart, in the order given: parents first. */
export function createHistory(planned: readonly PlannedCommit[]): History {
  const directory = mkdtempSync(join(tmpdir(), "git-history-"));
  const git = (argv: readonly string[], input = "") =>
    execFileSync("git", ["-C", directory, ...argv], {
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
      maxBuffer: 64 * 1024 * 1024,
    });
  git(["init", "--quiet", "--bare"]);
  const markOf = new Map(planned.map(({ name }, index) => [name, index + 1]));
  // https://git-scm.com/docs/git-fast-import: a ref for each, so that no commit has a parent it does not name.
  git(
    ["fast-import", "--quiet", "--export-marks=marks"],
    planned
      .map(({ name, parents, message, author = "Ada Lovelace" }, index) => {
        const who = `${author} <dev@example.com> ${FIRST_SECOND + index * 60} +0000`;
        const [first, ...merged] = parents.map((parent) => `:${markOf.get(parent)}`);
        return [
          `commit refs/heads/${name}`,
          `mark :${index + 1}`,
          `author ${who}`,
          `committer ${who}`,
          `data ${Buffer.byteLength(message)}`,
          message,
          ...(first === undefined ? [] : [`from ${first}`]),
          ...merged.map((mark) => `merge ${mark}`),
          "",
        ].join("\n");
      })
      .join("\n"),
  );
  const log = (include: string, exclude?: string) =>
    git([
      "log",
      "-z",
      "--format=%H%n%P%n%an%n%ae%n%aI%n%B",
      include,
      ...(exclude === undefined ? [] : ["--not", exclude]),
      "--",
    ])
      .split("\0")
      .filter((text) => text !== "")
      .map((text): LoggedCommit => {
        const [hash = "", parents = "", author = "", email = "", date = "", ...lines] =
          text.split("\n");
        const message = lines.join("\n");
        return { hash, parents: parents.split(" "), author, email, date, message };
      });
  const hashes = new Map(
    git(["for-each-ref", "--format=%(refname:short) %(objectname)"])
      .trim()
      .split("\n")
      .map((line): [string, string] => [line.split(" ")[0] ?? "", line.split(" ")[1] ?? ""]),
  );
  return {
    hashOf: (name) => {
      const hash = hashes.get(name);
      if (hash === undefined) throw new Error(`no commit ${name}`);
      return hash;
    },
    resolve: (revision) => {
      try {
        return git(["rev-parse", "--verify", "--quiet", `${revision}^{commit}`]).trim();
      } catch {
        return undefined;
      }
    },
    log,
    count: (include, exclude) =>
      Number(git(["rev-list", "--count", include, "--not", exclude, "--"])),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

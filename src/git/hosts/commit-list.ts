// A comparison on hosts that list commits: what is in one and not in the other, asked both ways.
import { NotifyError } from "../../domain/errors.ts";
import { isSame } from "../../domain/source-link.ts";
import type { HttpResponse } from "../../flow/ports.ts";
import {
  type AskHost,
  type Comparison,
  foreign,
  type HostCommit,
  type HostRequest,
} from "./git-host.ts";

interface CommitPage {
  readonly commits: readonly HostCommit[];
  /** Of all pages, where the host says it. */
  readonly total?: number;
  readonly next?: HostRequest | undefined;
}

export interface CommitList {
  /** Asks for the commits in `include` and not in `exclude`, newest first. */
  readonly first: (include: string, exclude: string) => HostRequest;
  readonly decode: (response: HttpResponse, request: HostRequest) => CommitPage;
}

/** As many as every host gives at once. */
export const PAGE_SIZE = 100;
// Counting goes page by page: so many fit the time there is.
const MAX_PAGES = 10;

export async function compareByList(
  list: CommitList,
  from: string,
  to: string,
  ask: AskHost,
): Promise<Comparison> {
  const [ahead, behind] = await Promise.all([
    readList(list, to, from, ask),
    readList(list, from, to, ask),
  ]);
  return { commits: ahead.commits, aheadBy: ahead.total, behindBy: behind.total };
}

async function readList(list: CommitList, include: string, exclude: string, ask: AskHost) {
  const commits: HostCommit[] = [];
  let request = list.first(include, exclude);
  for (let page = 1; page <= MAX_PAGES; page++) {
    const { commits: more, total, next } = list.decode(await ask(request), request);
    commits.push(...more);
    // Newest first, `include` leads whatever comes with it: else the answer is to another question.
    if (commits[0] && !isSame(commits[0].revision, include)) {
      throw foreign("it compares something else");
    }
    if (total !== undefined) return { commits, total };
    if (next === undefined) return { commits, total: commits.length };
    request = next;
  }
  throw new NotifyError("GIT_HOST_TOO_MANY", `there are more than ${commits.length} to count`, {
    hint: "Follow the compare link.",
  });
}

/** The same request for another page. */
export function withParameter({ url, ...rest }: HostRequest, name: string, value: number) {
  const changed = new URL(url);
  changed.searchParams.set(name, String(value));
  return { ...rest, url: changed.href };
}

// Where the trailers of a commit stand: Git has a word in it.
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { toCommitMessage, toCommitView } from "../../src/domain/commit-message.ts";

const bump = { service: "api", tag: "2" };
const VIEW = toCommitView("staging", [
  { bump, from: "1", image: undefined, source: undefined, edits: [] },
]);
const ADD = ["-c", "core.commentChar=#", "interpret-trailers", "--trailer", "Image-Tag: api=2"];

it.each([
  ["Update", "\n\n"],
  ["feat: update", "\n\n"],
  ["Update\n\nfor a reason", "\n\n"],
  ["Update\n\nRefs: ABC-1\nSigned-off-by: Me <me@example.com>", "\n"],
  ["Update\n\nwhy\n \nRefs: ABC-1\n  and ABC-2\nSee-also : it", "\n"],
  ["Update\n\nRefs: ABC-1\n\nfor a reason", "\n\n"],
  ["Update\n\nfor a reason\nRefs: ABC-1", "\n\n"],
  ["Update\n\nfor a reason\nSigned-off-by: Me <me@example.com>", "\n"],
  ["Update\n\na\nb\nc\nd\nSigned-off-by: Me <me@example.com>", "\n\n"],
  ["Update\n\n(cherry picked from commit 0a1b2c3)", "\n"],
  ["Update\n\n  Refs: ABC-1", "\n\n"],
])("after %j they stand where Git puts them", (said, gap) => {
  const message = toCommitMessage(VIEW, said);
  expect(message).toBe(`${said}${gap}Image-Tag: api=2\n`);
  const options = { input: `${said}\n`, encoding: "utf8" } as const;
  // It writes the separator of all of them in its own way.
  expect(message.replace(" : ", ": ")).toBe(execFileSync("git", ADD, options));
});

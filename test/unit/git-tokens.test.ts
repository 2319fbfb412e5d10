import { expect, it } from "vitest";
import { parseGitTokens } from "../../src/domain/git-tokens.ts";

it.each([
  ["github.com=ghp_x", { "github.com": "ghp_x" }],
  ["GitHub.com=a=b==, git.acme.corp:8443=c", { "github.com": "a=b==", "git.acme.corp:8443": "c" }],
  ["github.com=x\ngitlab.com=y\n", { "github.com": "x", "gitlab.com": "y" }],
  ["", {}],
])("%j", (text, expected) => {
  const revealed = [...parseGitTokens(text)].map(([host, token]) => [host, token.reveal()]);
  expect(Object.fromEntries(revealed)).toEqual(expected);
});

it.each(["ghp_x", "=x", "github.com=", "https://github.com=x"])(
  "a token without its host is refused, and not shown: %j",
  (text) => {
    expect(() => parseGitTokens(text)).toThrow("a token for a Git host comes without its host");
    expect(() => parseGitTokens(text)).not.toThrow(/ghp_x/);
  },
);

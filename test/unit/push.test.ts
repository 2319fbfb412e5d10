import { expect, it } from "vitest";
import { parsePushedImages } from "../../src/domain/push.ts";
import { formatThread, parseThread } from "../../src/domain/thread.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

it.each([
  ["acme/api:1.4.0", { repository: "acme/api", tag: "1.4.0" }],
  ["localhost:5000/api:1", { repository: "localhost:5000/api", tag: "1" }],
  [`acme/api:1.4.0@${DIGEST}`, { repository: "acme/api", tag: "1.4.0", digest: DIGEST }],
  [`acme/api@${DIGEST}`, { repository: "acme/api", digest: DIGEST }],
])("%s is a pushed image", (word, image) => {
  expect(parsePushedImages([word])).toEqual([image]);
});

it.each([
  [["acme/api"], '"acme/api" has neither tag nor digest'],
  [["localhost:5000/api"], '"localhost:5000/api" has neither tag nor digest'],
  [["acme/api:"], '"acme/api:" is no image with a tag'],
  [[""], '"" is no image with a tag'],
  [["acme/api:1", "acme/web:$TAG"], '"acme/web:$TAG" is no image with a tag'],
  [["acme/api:1", "acme/web:1", "acme/api:1"], "acme/api:1 is named twice"],
])("%j is refused", (words, message) => {
  expect(() => parsePushedImages(words)).toThrow(message);
});

const THREAD = "C0123456789/1763719200.000100";

it("a thread is one word, and back", () => {
  const place = { channel: "C0123456789", ts: "1763719200.000100" };
  expect(formatThread(place)).toBe(THREAD);
  expect(parseThread(THREAD)).toEqual(place);
});

it.each(["", "#deploys/1763719200.000100", `${THREAD}\n`, `x${THREAD}`, "C0123456789/1763719200"])(
  "%j is no thread",
  (text) => {
    expect(parseThread(text)).toBeUndefined();
  },
);

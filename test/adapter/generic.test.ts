import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/domain/secret.ts";
import type { Deadline, Delivery } from "../../src/flow/ports.ts";
import { createDeadline } from "../../src/io/deadline.ts";
import { createHttp } from "../../src/io/http.ts";
import { createGeneric } from "../../src/transport/generic.ts";
import { startGenericReceiver } from "../support/generic-receiver.ts";

const EVENT = {
  specversion: "1.0",
  id: "4711-started",
  source: "/helm-notify/namespaces/shop",
  type: "dev.helm-notify.run.started",
  data: { release: "sh\u00f6p" },
};

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function open(now?: () => Date) {
  const receiver = await startGenericReceiver(now);
  const http = createHttp();
  cleanups.push(
    () => receiver.stop(),
    () => http.close(),
  );
  const sendWith = (secret: string | undefined, url = receiver.url) =>
    createGeneric(
      { url: new Secret(url), key: secret === undefined ? undefined : new Secret(secret) },
      http.send,
      now,
    );
  return { receiver, sendWith, send: sendWith(receiver.secret) };
}

/** Waits in no time; `onSleep` is told how long it was to be. */
function patient(onSleep: (ms: number) => void = () => {}): Deadline {
  const deadline = createDeadline(20_000);
  let spent = 0;
  return {
    ...deadline,
    remainingMs: () => Math.max(0, deadline.remainingMs() - spent),
    sleep: async (ms) => {
      spent += ms;
      onSleep(ms);
    },
  };
}

describe("an event", () => {
  it("is taken by a receiver that checks the signature and the CloudEvent", async () => {
    const { receiver, send } = await open();
    expect(await send(EVENT, patient())).toEqual({ kind: "delivered" });
    expect(receiver.events).toEqual([EVENT]);
  });

  it.each<[string, object]>([
    ["of another version", { ...EVENT, specversion: "0.3" }],
    ["without a type", { ...EVENT, type: "" }],
    ["without a source", { ...EVENT, source: undefined }],
  ])("%s is refused, with what to check", async (_, event) => {
    const { receiver, send } = await open();
    expect(await send({ id: EVENT.id, ...event }, patient())).toEqual({
      kind: "refused",
      reason: "the receiver of events refused it: HTTP 400",
      hint: expect.stringContaining("genericUrl"),
    });
    expect(receiver.events).toEqual([]);
  });

  it("signed with another key is refused once", async () => {
    const { receiver, sendWith } = await open();
    const send = sendWith(`whsec_${Buffer.alloc(32).toString("base64")}`);
    expect(await send(EVENT, patient())).toMatchObject({
      reason: "the receiver of events refused it: HTTP 401",
    });
    expect(receiver.headers).toHaveLength(1);
  });

  it.each<[string, string | undefined]>([
    ["no secret", undefined],
    ["an empty one", ""],
    ["one without its prefix", Buffer.alloc(32).toString("base64")],
    ["one that is not base64", "whsec_ä ".repeat(9)],
    ["one that is easily guessed", `whsec_${Buffer.alloc(23).toString("base64")}`],
  ])("is not sent with %s", async (_, secret) => {
    const { receiver, sendWith } = await open();
    expect(await sendWith(secret)(EVENT, patient())).toMatchObject({
      kind: "refused",
      hint: expect.stringContaining("openssl"),
    });
    expect(receiver.headers).toEqual([]);
  });

  it("is signed with the shortest key allowed, and a line break after it does not matter", async () => {
    const { receiver, sendWith } = await open();
    expect(await sendWith(`${receiver.secret}\n`)(EVENT, patient())).toEqual({ kind: "delivered" });
    const shortest = sendWith(`whsec_${Buffer.alloc(24).toString("base64")}`);
    expect(await shortest(EVENT, patient())).toMatchObject({
      reason: expect.stringContaining("HTTP 401"),
    });
  });
});

describe("trying again", () => {
  it("sends the same id with a new time, so that it is neither too old nor taken twice", async () => {
    let time = Date.parse("2026-03-01T12:00:00Z");
    const { receiver, send } = await open(() => new Date(time));
    receiver.addAnswers(
      { status: 503 },
      { status: 429, headers: { "retry-after": "7" } },
      { status: 500, headers: { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" } },
    );
    const waits: number[] = [];
    const deadline = patient((ms) => {
      waits.push(ms);
      // Longer than the receiver tolerates.
      time += 600_000;
    });
    expect(await send(EVENT, deadline)).toEqual({ kind: "delivered" });
    expect(waits).toEqual([500, 7000, 2000]);
    expect(new Set(receiver.headers.map((headers) => headers["webhook-id"]))).toEqual(
      new Set([EVENT.id]),
    );
    expect(receiver.events).toEqual([EVENT]);
  });

  it("ends at the deadline", async () => {
    const { receiver, send } = await open();
    receiver.addAnswers({ status: 429, headers: { "retry-after": "60" } });
    expect(await send(EVENT, patient())).toEqual({
      kind: "gave-up",
      reason: "the receiver of events limits the rate (HTTP 429)",
    });
  });

  it.each([301, 400, 410])("does not follow HTTP %i", async (status) => {
    const { receiver, send } = await open();
    receiver.addAnswers({ status, headers: { location: receiver.url } });
    expect(await send(EVENT, patient())).toMatchObject({ kind: "refused" });
    expect(receiver.headers).toHaveLength(1);
  });
});

it("neither the address nor the secret is ever told", async () => {
  const { receiver, send, sendWith } = await open();
  const told: Delivery[] = [];
  receiver.addAnswers({ status: 403 });
  told.push(await send(EVENT, patient()));
  told.push(await sendWith("s3cret")(EVENT, patient()));
  told.push(await sendWith(receiver.secret, "hidden.example/events")(EVENT, patient()));
  told.push(await sendWith(receiver.secret, "mailto:hidden@example.org")(EVENT, patient()));
  await receiver.stop();
  told.push(await send(EVENT, patient()));
  expect(told.map(({ kind }) => kind)).toEqual([
    "refused",
    "refused",
    "refused",
    "refused",
    "gave-up",
  ]);
  expect(inspect(told, { depth: null })).not.toMatch(/hidden|s3cret|\/events/);
});

// As the library standardwebhooks 1.1.1 signs EVENT with the receiver's secret.
const SIGNED = {
  "content-type": "application/cloudevents+json; charset=utf-8",
  "webhook-id": EVENT.id,
  "webhook-timestamp": "1700000000",
  "webhook-signature": "v1,EjBWKjLzLLeeZ1a3m6+36q485LrXctC77IwSO+PPiZo=",
};
const THEN = 1_700_000_000_000;

it("the signature is the one that others' libraries expect", async () => {
  const { receiver, send } = await open(() => new Date(THEN));
  await send(EVENT, patient());
  expect(receiver.headers[0]).toMatchObject(SIGNED);
});

describe("the receiver", () => {
  it.each<[string, number, object, number]>([
    ["takes what is in order", 204, {}, THEN],
    [
      "takes one of two signatures",
      204,
      { "webhook-signature": `v1,AA== ${SIGNED["webhook-signature"]}` },
      THEN,
    ],
    ["refuses another type of content", 415, { "content-type": "application/json" }, THEN],
    ["refuses no signature", 401, { "webhook-signature": "" }, THEN],
    [
      "refuses another version of it",
      401,
      { "webhook-signature": SIGNED["webhook-signature"].replace("v1", "v2") },
      THEN,
    ],
    ["refuses another id", 401, { "webhook-id": "4712-started" }, THEN],
    ["refuses another time", 401, { "webhook-timestamp": "1700000001" }, THEN],
    ["refuses an old request", 401, {}, THEN + 301_000],
    ["refuses one of the future", 401, {}, THEN - 301_000],
  ])("%s", async (_, status, spoilt, now) => {
    const { receiver } = await open(() => new Date(now));
    const headers: Record<string, string> = { ...SIGNED, ...spoilt };
    const body = JSON.stringify(EVENT);
    const answer = await fetch(receiver.url, { method: "POST", headers, body });
    expect(answer.status).toBe(status);
  });
});

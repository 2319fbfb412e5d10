// A receiver of CloudEvents as a team would run one: it takes only what is signed as Standard Webhooks wants it and is a
// CloudEvent. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md,
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes
import { createHmac, timingSafeEqual } from "node:crypto";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { text } from "node:stream/consumers";
import { isObject } from "./slack/limits.ts";

type Event = Readonly<Record<string, unknown>>;

export interface GenericReceiver {
  readonly url: string;
  /** As its owner hands it out. */
  readonly secret: string;
  /** What was taken, in order. */
  readonly events: readonly Event[];
  /** Of every request, refused ones too. */
  readonly headers: readonly IncomingHttpHeaders[];
  /** Answers the next requests like this, one each. */
  addAnswers(
    ...answers: readonly { readonly status: number; readonly headers?: Record<string, string> }[]
  ): void;
  stop(): Promise<void>;
}

const TOLERANCE_SECONDS = 5 * 60;

export async function startGenericReceiver(
  now: () => Date = () => new Date(),
): Promise<GenericReceiver> {
  const key = Buffer.from("an example of thirty-two bytes !");
  const events: Event[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const answers: { status: number; headers?: Record<string, string> }[] = [];
  const take = (given: IncomingHttpHeaders, body: string): number => {
    headers.push(given);
    if (!/^application\/cloudevents\+json; charset=utf-8$/i.test(given["content-type"] ?? "")) {
      return 415;
    }
    if (!isSigned(given, body, key, now())) return 401;
    const event = parseEvent(body);
    if (event === undefined || event["id"] !== given["webhook-id"]) return 400;
    events.push(event);
    return 204;
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const answer = answers.shift();
    if (answer) headers.push(request.headers);
    response.writeHead(answer?.status ?? take(request.headers, body), answer?.headers).end();
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/events?key=hidden`,
    secret: `whsec_${key.toString("base64")}`,
    events,
    headers,
    addAnswers: (...added) => void answers.push(...added),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isSigned(headers: IncomingHttpHeaders, body: string, key: Buffer, now: Date): boolean {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (typeof id !== "string" || typeof timestamp !== "string") return false;
  if (typeof signatures !== "string" || !/^\d+$/.test(timestamp) || id.includes(".")) return false;
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest();
  return signatures.split(" ").some((signature) => {
    const [version, base64] = signature.split(",");
    const given = Buffer.from(base64 ?? "", "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function parseEvent(body: string): Event | undefined {
  const event: unknown = JSON.parse(body);
  if (!isObject(event) || event["specversion"] !== "1.0") return undefined;
  const isText = (name: string) => typeof event[name] === "string" && event[name] !== "";
  // https://www.rfc-editor.org/rfc/rfc3339, where it is there at all
  const time = event["time"];
  const isTime = typeof time === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(time);
  const hasReference = isText("source") && URL.canParse(String(event["source"]), "http://base/");
  if (!isText("id") || !isText("type") || !hasReference) return undefined;
  // Attribute names: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#naming-conventions
  if (!Object.keys(event).every((name) => /^[a-z0-9]+$/.test(name))) return undefined;
  return time === undefined || isTime ? event : undefined;
}

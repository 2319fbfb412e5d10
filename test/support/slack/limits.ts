// What Slack refuses in blocks, in its words. https://docs.slack.dev/reference/block-kit/blocks

const TOTAL_LIMIT = 13_200; // https://github.com/slackapi/bolt-js/issues/2509
const URL_LIMIT = 3000;

type Json = Readonly<Record<string, unknown>>;
type Check = (value: unknown, pointer: string) => string[];

export type BlocksVerdict =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly error: string; readonly messages: readonly string[] };

export function checkBlocks(blocks: unknown): BlocksVerdict {
  if (!Array.isArray(blocks)) return refused("invalid_blocks_format", []);
  const messages = [
    ...list(50, block)(blocks, "/blocks"),
    ...duplicates(blocks).map((id) => `block_id already exists: ${id} [json-pointer:/blocks]`),
  ];
  if (messages.length > 0) return refused("invalid_blocks", messages);
  if (totalLength(blocks) > TOTAL_LIMIT) return refused("msg_blocks_too_long", []);
  return { kind: "accepted" };
}

function refused(error: string, messages: readonly string[]): BlocksVerdict {
  return { kind: "refused", error, messages };
}

const anyText = textObject(["mrkdwn", "plain_text"], 3000);
const image: Check = object({ image_url: string(URL_LIMIT), alt_text: string(2000) });
const button: Check = object(
  { text: textObject(["plain_text"], 75) },
  { url: string(URL_LIMIT), value: string(2000), action_id: string(255), style: string(20) },
);
const elements: Readonly<Record<string, Check>> = { image, button };

const BLOCKS: Readonly<Record<string, Check>> = {
  section: (value, pointer) => [
    ...object(
      {},
      {
        text: anyText,
        fields: list(10, textObject(["mrkdwn", "plain_text"], 2000)),
        accessory: byType(elements),
      },
    )(value, pointer),
    ...(isObject(value) && value["text"] === undefined && value["fields"] === undefined
      ? [`missing required field: text ${at(pointer)}`]
      : []),
  ],
  header: object({ text: textObject(["plain_text"], 150) }),
  context: object({
    elements: list(10, byType({ mrkdwn: anyText, plain_text: anyText, image })),
  }),
  actions: object({ elements: list(25, byType({ button })) }),
  divider: object({}),
  image: object({ image_url: string(URL_LIMIT), alt_text: string(2000) }),
  markdown: object({ text: string(12_000) }),
};

function block(value: unknown, pointer: string): string[] {
  return [
    ...byType(BLOCKS)(value, pointer),
    ...object({}, { block_id: string(255) })(value, pointer),
  ];
}

function byType(checks: Readonly<Record<string, Check>>): Check {
  return (value, pointer) => {
    const type = isObject(value) ? value["type"] : undefined;
    const check =
      typeof type === "string" && Object.hasOwn(checks, type) ? checks[type] : undefined;
    return (
      check?.(value, pointer) ?? [`unsupported type: ${String(type)} ${at(`${pointer}/type`)}`]
    );
  };
}

function textObject(types: readonly string[], limit: number): Check {
  return (value, pointer) => {
    const type = isObject(value) ? value["type"] : undefined;
    if (!types.some((allowed) => allowed === type)) {
      return [`must be one of: ${types.join(", ")} ${at(`${pointer}/type`)}`];
    }
    return object({ text: string(limit) })(value, pointer);
  };
}

function object(required: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  return (value, pointer) => {
    if (!isObject(value)) return [`must provide an object ${at(pointer)}`];
    return Object.entries({ ...required, ...optional }).flatMap(([key, check]) => {
      if (value[key] !== undefined) return check(value[key], `${pointer}/${key}`);
      return key in required ? [`missing required field: ${key} ${at(pointer)}`] : [];
    });
  };
}

function list(limit: number, item: Check): Check {
  return (value, pointer) => {
    if (!Array.isArray(value)) return [`must provide an array ${at(pointer)}`];
    if (value.length > limit) return [`no more than ${limit} items allowed ${at(pointer)}`];
    if (value.length === 0) return [`no fewer than 1 items allowed ${at(pointer)}`];
    return value.flatMap((entry, index) => item(entry, `${pointer}/${index}`));
  };
}

function string(limit: number): Check {
  return (value, pointer) => {
    if (typeof value !== "string") return [`must provide a string ${at(pointer)}`];
    if (value.length === 0) return [`must be more than 0 characters ${at(pointer)}`];
    if (value.length > limit) return [`must be less than ${limit + 1} characters ${at(pointer)}`];
    return [];
  };
}

function at(pointer: string): string {
  return `[json-pointer:${pointer}]`;
}

function duplicates(blocks: readonly unknown[]): readonly string[] {
  const ids = blocks.map((entry) => (isObject(entry) ? entry["block_id"] : undefined));
  return ids
    .filter((id) => typeof id === "string")
    .filter((id, index) => ids.indexOf(id) !== index);
}

/** Of all texts, however deep. */
function totalLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + totalLength(item), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, entry]) =>
      sum + (key === "text" && typeof entry === "string" ? entry.length : totalLength(entry)),
    0,
  );
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

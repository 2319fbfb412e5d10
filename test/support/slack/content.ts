// What Slack asks of any message, whichever way it comes.
import { checkBlocks, isObject } from "./limits.ts";

const TEXT_LIMIT = 40_000;

export type Content =
  | {
      readonly kind: "accepted";
      readonly text: string;
      readonly blocks: readonly unknown[];
    }
  | { readonly kind: "refused"; readonly error: string; readonly messages: readonly string[] };

export function checkContent(payload: Readonly<Record<string, unknown>>): Content {
  const text = payload["text"] ?? "";
  const blocks = payload["blocks"] ?? [];
  if (typeof text !== "string") return refused("no_text");
  if (text.length > TEXT_LIMIT) return refused("msg_too_long");
  const isEmpty = Array.isArray(blocks) && blocks.length === 0;
  if (isEmpty)
    return text.trim() === "" ? refused("no_text") : { kind: "accepted", text, blocks: [] };
  const verdict = checkBlocks(blocks);
  if (verdict.kind === "refused") return verdict;
  return { kind: "accepted", text, blocks: Array.isArray(blocks) ? blocks : [] };
}

function refused(error: string): Content {
  return { kind: "refused", error, messages: [] };
}

/** `undefined` for anything but a JSON object. */
export function parseObject(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

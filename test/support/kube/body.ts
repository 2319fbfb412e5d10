// Bodies of requests: JSON, YAML (server-side apply), or the protobuf of Helm's release storage.
import type { IncomingMessage } from "node:http";
import { parse as parseYaml } from "yaml";
import { ApiError, badRequest } from "./api-error.ts";
import type { Json } from "./json.ts";
import { decodeProtobuf } from "./protobuf.ts";

// https://github.com/kubernetes/apiserver/blob/master/pkg/server/config.go (MaxRequestBodyBytes)
const LIMIT = 3 * 1024 * 1024;
const PROTOBUF_MAGIC = "k8s\0";

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LIMIT)
      throw new ApiError(
        413,
        "RequestEntityTooLarge",
        `Request entity too large: limit is ${LIMIT}`,
      );
  }
  return Buffer.concat(chunks);
}

/** An empty body is an empty map. */
export function decodeBody(raw: Buffer, contentType: string): Json {
  if (raw.length === 0) return {};
  if (raw.subarray(0, PROTOBUF_MAGIC.length).toString("latin1") === PROTOBUF_MAGIC)
    return decodeProtobuf(raw);
  const text = raw.toString();
  try {
    // Clients send JSON as YAML, too; the YAML parser is slow.
    return contentType.endsWith("yaml") && !text.startsWith("{")
      ? parseYaml(text)
      : JSON.parse(text);
  } catch (error) {
    throw badRequest(`error decoding the body: ${String(error)}`);
  }
}

// What kubeconfigs point to or carry: files beside them, and base64.
import { NotifyError } from "../domain/errors.ts";
import { errorCode } from "../io/network-error.ts";
import type { KubeWorld } from "./world.ts";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** `what` names the field and its place. */
export function decodeBase64(text: string, what: string): string {
  const compact = text.replaceAll(/[\r\n]/g, "");
  if (!BASE64.test(compact)) {
    throw new NotifyError("KUBECONFIG_INVALID", `${what} is not base64`, {
      hint: "Encode the PEM file with base64, or name the file instead.",
    });
  }
  return Buffer.from(compact, "base64").toString();
}

export async function readReferenced(
  path: string,
  what: string,
  world: Pick<KubeWorld, "readFile">,
): Promise<string> {
  try {
    return (await world.readFile(path)).toString();
  } catch (cause) {
    throw new NotifyError(
      "KUBECONFIG_INVALID",
      `${what}: cannot read ${path} (${errorCode(cause)})`,
      {
        hint: "Check the path: it is relative to the kubeconfig's folder.",
        cause,
      },
    );
  }
}

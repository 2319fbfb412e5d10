// Asking the cluster what we may do, without doing it.
// https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
import * as z from "zod/mini";
import type { Right } from "../domain/rights.ts";
import type { KubeApi } from "./kube-api.ts";
import { foreignAnswer } from "./objects.ts";

const GROUP_VERSION = "authorization.k8s.io/v1";

const review = z.object({ status: z.object({ allowed: z.boolean() }) });

export async function isAllowed(
  api: KubeApi,
  right: Right,
  signal?: AbortSignal,
): Promise<boolean> {
  const answer = await api.request({
    method: "POST",
    path: `/apis/${GROUP_VERSION}/selfsubjectaccessreviews`,
    contentType: "application/json",
    body: JSON.stringify({
      apiVersion: GROUP_VERSION,
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: { ...right, namespace: api.namespace } },
    }),
    signal,
  });
  const parsed = review.safeParse(answer);
  if (parsed.success) return parsed.data.status.allowed;
  throw foreignAnswer("an access review is none");
}

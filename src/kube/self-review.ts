// Asking the cluster who we are to it, whatever the kubeconfig calls us.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/self-subject-review-v1/
import * as z from "zod/mini";
import type { KubeApi } from "./kube-api.ts";

// Since Kubernetes 1.28.
const GROUP_VERSION = "authentication.k8s.io/v1";

const review = z.object({
  status: z.object({ userInfo: z.object({ username: z.string().check(z.minLength(1)) }) }),
});

/** The user that our credentials are, after impersonation; `undefined` where the answer names none. */
export async function readAccount(api: KubeApi, signal?: AbortSignal): Promise<string | undefined> {
  const answer = await api.request({
    method: "POST",
    path: `/apis/${GROUP_VERSION}/selfsubjectreviews`,
    contentType: "application/json",
    body: JSON.stringify({ apiVersion: GROUP_VERSION, kind: "SelfSubjectReview" }),
    signal,
  });
  return review.safeParse(answer).data?.status.userInfo.username;
}

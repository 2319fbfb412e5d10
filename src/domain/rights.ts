// What people who deploy must be allowed to do in the release's namespace.
import { ledgerName } from "./ledger.ts";
import { recordName } from "./record.ts";
import { turnName } from "./turn.ts";

/** As Kubernetes asks for it: https://kubernetes.io/docs/reference/access-authn-authz/authorization/ */
export interface Right {
  readonly verb: string;
  /** `""` is the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Any where it is absent. */
  readonly name?: string;
}

export interface NeededRights {
  readonly rights: readonly Right[];
  /** What goes without them. */
  readonly lost: string;
  readonly isNeeded: boolean;
}

/** `storage`: where Helm keeps releases; `undefined` for a storage outside of the cluster. */
export function neededRights(
  storage: "secrets" | "configmaps" | undefined,
  release: string | undefined,
): readonly NeededRights[] {
  const ofStorage = storage && {
    rights: [right("list", storage), right("get", storage)],
    lost: "the live release cannot be looked up",
    isNeeded: true,
  };
  const ofLedger = release && {
    // The PATCH that makes the first ledger is authorised as both of the last.
    rights: ["get", "create", "patch"].map((verb) => ({
      ...right(verb, "configmaps"),
      name: ledgerName(release),
    })),
    lost: "the ledger of runs cannot be kept",
    isNeeded: true,
  };
  const ofTurn = release && {
    rights: [
      right("create", "configmaps"),
      ...["get", "patch", "delete"].map((verb) => ({
        ...right(verb, "configmaps"),
        name: turnName(release),
      })),
    ],
    lost: "deploys of it at the same time are not kept apart",
    isNeeded: false,
  };
  const ofRecord = release && {
    rights: [{ ...right("get", "configmaps"), name: recordName(release) }],
    lost: "what runs after a failure is not known",
    isNeeded: false,
  };
  const ofCause = {
    rights: [
      right("list", "pods"),
      { ...right("get", "pods"), subresource: "log" },
      right("list", "events"),
      { ...right("list", "replicasets"), group: "apps" },
    ],
    lost: "messages cannot tell why a deploy failed",
    isNeeded: false,
  };
  return [ofStorage, ofLedger, ofTurn, ofRecord, ofCause].filter(
    (needed) => typeof needed === "object",
  );
}

function right(verb: string, resource: string): Right {
  return { verb, group: "", resource };
}

/** `list secrets`, `get pods/log`, `patch configmaps helm-notify-ledger.shop`. */
export function describeRight({ verb, resource, subresource, name }: Right): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return [verb, what, ...(name === undefined ? [] : [name])].join(" ");
}

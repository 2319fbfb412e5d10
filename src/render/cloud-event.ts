// A message as a CloudEvent. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
import type { Message } from "../domain/message.ts";

/**
 * A run's beginning or end for programs. A contract with whoever receives it: keys and kinds may be added to `data`, never
 * changed; what is not known is absent. Both events of a run share `data.run`; the `id` stays the same however often and
 * however late an event is told, so that a receiver can drop repetitions.
 */
export function toCloudEvent(message: Message) {
  const { id, phase, starter, startedAt, endedAt, recovered } = message;
  const word = phase === "start" ? "started" : "ended";
  return {
    specversion: "1.0",
    // Without a full stop, which divides what is signed: https://www.standardwebhooks.com
    // A run that is recovered has ended once more: who has its end already must not drop that.
    id: `${id}-${recovered ? "recovered" : word}`,
    source: `/helm-notify/namespaces/${encodeURIComponent(message.namespace)}`,
    type: `dev.helm-notify.run.${word}`,
    subject: message.release,
    // Of the occurrence, not of the telling.
    time: (endedAt ?? startedAt).toISOString(),
    datacontenttype: "application/json",
    data: {
      run: id,
      action: message.action,
      release: message.release,
      namespace: message.namespace,
      environment: message.environment,
      chart: message.chart,
      revision: message.revision,
      actor: starter.actor,
      url: starter.url,
      startedAt: startedAt.toISOString(),
      endedAt: endedAt?.toISOString(),
      outcome: message.outcome,
      cause: message.cause,
      recovered,
      before: message.before,
      changes: message.changes,
      unchangedCount: message.unchangedCount,
    },
  } as const;
}

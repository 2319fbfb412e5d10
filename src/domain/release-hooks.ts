// What a stored revision says of its hooks. https://github.com/helm/helm/blob/v3.17.2/pkg/release/hook.go
import * as z from "zod/mini";

const releaseHook = z.object({
  kind: z.string(),
  name: z.string(),
  events: z.nullish(z.array(z.string())),
  last_run: z.nullish(z.object({ phase: z.nullish(z.string()) })),
});
const withHooks = z.object({ hooks: z.nullish(z.array(releaseHook)) });

export type ReleaseHook = z.infer<typeof releaseHook>;

/** None where they cannot be read. */
export function hooksOf(content: unknown): readonly ReleaseHook[] {
  return withHooks.safeParse(content).data?.hooks ?? [];
}

export function inPhase(hooks: readonly ReleaseHook[], phase: string): readonly ReleaseHook[] {
  return hooks.filter(({ last_run }) => last_run?.phase === phase);
}

/** Whether it runs before anything is applied, and only then. */
export function isPreHook({ events }: ReleaseHook): boolean {
  return events?.every((event) => event.startsWith("pre-")) ?? false;
}

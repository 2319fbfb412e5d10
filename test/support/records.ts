import type { ReleaseRecord, ServiceRecord } from "../../src/domain/record.ts";

/** A record of the shop in production. */
export function recordOf(services: Readonly<Record<string, ServiceRecord>>): ReleaseRecord {
  return {
    v: 1,
    environment: "production",
    chart: { name: "shop", version: "1.2.0" },
    services: { ...services },
  };
}

/** A commit's name made of one digit. */
export function commit(digit: string): string {
  return digit.repeat(40);
}

import { afterAll, beforeAll } from "vitest";
import { type Bed, openBed } from "./bed.ts";

/** A bed for all tests of a file. */
export function useBed(): () => Bed {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openBed();
  });
  afterAll(() => bed.close());
  return () => bed;
}

/** The results in the order of the items, of which `parallel` are worked on at once; rejects as soon as one does. */
export async function someAtATime<Item, Result>(
  items: readonly Item[],
  parallel: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  // One queue, drawn on by all.
  const queue = items.entries();
  const takeOn = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: parallel }, takeOn));
  return results;
}

/** What is left of a grace that begins when it is first asked for, in milliseconds. */
export function graceFromFirstCall(graceMs: number): () => number {
  let deadline: number | undefined;
  return () => {
    deadline ??= performance.now() + graceMs;
    return Math.max(0, deadline - performance.now());
  };
}

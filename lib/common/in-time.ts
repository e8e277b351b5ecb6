/**
 * What `work` comes to, or what `late` answers or throws when it has not come to anything after `ms` milliseconds. The work
 * goes on then and nobody hears of its end. Waiting keeps no process alive.
 *
 * A timer by hand: that of `node:timers/promises` makes an error each time it is called off, which is the usual case.
 */
export async function inTime<T, L>(work: Promise<T>, ms: number, late: () => L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const lateness = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms).unref();
  }).then(late);
  try {
    return await Promise.race([work, lateness]);
  } finally {
    clearTimeout(timer);
  }
}

/** Answers the parent's questions about this process until it disconnects. `started`: what a contestant answers. */
export async function ready({ app, url, headers = {}, wrong = {}, ask = {} }) {
  const questions = {
    usage: () => process.cpuUsage(),
    memory: () => {
      globalThis.gc?.();
      globalThis.gc?.();
      return process.memoryUsage();
    },
    ...ask,
  };
  process.on('message', ({ id, question, input }) => {
    void (async () => questions[question](input))().then(
      (answer) => process.send({ id, answer }),
      (error) => process.send({ id, error: String(error?.stack ?? error) }),
    );
  });
  process.once('disconnect', () => {
    void app.close().finally(() => process.exit(0));
  });
  process.send({ ready: { url, headers, wrong } });
}

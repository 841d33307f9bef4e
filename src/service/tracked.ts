/** The handlers, each of which is begun only if `allow` does not throw, and whose promise is shown to `watch`. */
export function tracked<H extends object>(
  handlers: H,
  allow: () => void,
  watch: (promise: Promise<unknown>) => void,
): H {
  const wrap = ([name, handler]: [string, (params: never) => Promise<unknown>]): [string, unknown] => [
    name,
    (params: never) => {
      allow();
      const promise = handler(params);
      watch(promise);
      return promise;
    },
  ];
  return Object.fromEntries(Object.entries(handlers).map((entry) => wrap(entry as never))) as unknown as H;
}

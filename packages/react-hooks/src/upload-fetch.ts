/** A `fetch` that tells how much of its body has been sent, 0 to 1. Where there is no XMLHttpRequest it is plain fetch. */
export function uploadFetch(onProgress: (sent: number) => void, plain: typeof fetch = fetch): typeof fetch {
  if (typeof XMLHttpRequest === "undefined") return plain;
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const abort = () => request.abort();
      request.open(init.method ?? "POST", input instanceof Request ? input.url : String(input));
      new Headers(init.headers).forEach((value, name) => request.setRequestHeader(name, value));
      request.responseType = "blob";
      request.upload.addEventListener("progress", ({ loaded, total }) =>
        onProgress(total > 0 ? loaded / total : 0),
      );
      request.upload.addEventListener("load", () => onProgress(1));
      request.addEventListener("load", () => {
        const headers = { "content-type": request.getResponseHeader("content-type") ?? "application/json" };
        resolve(
          new Response(request.response as Blob, {
            status: request.status,
            statusText: request.statusText,
            headers,
          }),
        );
      });
      request.addEventListener("error", () => reject(new TypeError("The server could not be reached.")));
      request.addEventListener("abort", () =>
        reject(new DOMException("The upload was cancelled.", "AbortError")),
      );
      if (init.signal?.aborted) return reject(new DOMException("The upload was cancelled.", "AbortError"));
      init.signal?.addEventListener("abort", abort, { once: true });
      request.addEventListener("loadend", () => init.signal?.removeEventListener("abort", abort));
      request.send(init.body as XMLHttpRequestBodyInit);
    });
}

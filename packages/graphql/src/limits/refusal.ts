/** A request that is answered before GraphQL sees it. */
export class RequestRefusal extends Error {
  override readonly name = "RequestRefusal";
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  response(): Response {
    return Response.json(
      { errors: [{ message: this.message, extensions: { code: this.code } }] },
      { status: this.status, headers: { "access-control-allow-origin": "*", ...this.headers } },
    );
  }
}

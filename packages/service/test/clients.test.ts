import { describe, expect, it } from "vitest";
import { eventually, photo, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";
const CRLF = "\r\n";

/**
 * How published clients in other languages put a request on the wire, byte for byte as their HTTP libraries write it.
 */
describe("a client written as", async () => {
  const api = await start();
  const face = await photo("audrey.jpg");
  const identityId = (await api.run("POST", IDENTITY, [["input_images", face]])).identity_id as string;

  const part = (headers: string[], content: string | Buffer) =>
    Buffer.concat([
      Buffer.from(headers.join(CRLF) + CRLF + CRLF),
      Buffer.from(content as string),
      Buffer.from(CRLF),
    ]);
  const body = (boundary: string, parts: Buffer[]) =>
    Buffer.concat([
      ...parts.flatMap((one) => [Buffer.from(`--${boundary}${CRLF}`), one]),
      Buffer.from(`--${boundary}--${CRLF}`),
    ]);
  const head = (method: string, route: string, headers: string[]) =>
    [
      `${method} ${route} HTTP/1.1`,
      `Host: 127.0.0.1:${api.port}`,
      `Authorization: Bearer ${api.token}`,
      ...headers,
    ].join(CRLF) +
    CRLF +
    CRLF;
  const chunked = (bytes: Buffer, size = 20_000): Buffer[] => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      pieces.push(Buffer.from(piece.length.toString(16) + CRLF), piece, Buffer.from(CRLF));
    }
    return [...pieces, Buffer.from(`0${CRLF}${CRLF}`)];
  };

  it.each<[string, string, string, () => (string | Buffer)[]]>([
    [
      "Python requests (files=[...], data={...})",
      "PUT",
      IDENTITY,
      () => {
        const boundary = "d3e1b3a4b1a94a5e9f0b6c2f5c1f6d77";
        const bytes = body(boundary, [
          part(['Content-Disposition: form-data; name="identity_id"'], identityId),
          part(
            ['Content-Disposition: form-data; name="input_images"; filename="/home/me/photos/a.jpg"'],
            face,
          ),
          part(
            [
              'Content-Disposition: form-data; name="input_images"; filename="b.jpg"',
              "Content-Type: image/jpeg",
            ],
            face,
          ),
        ]);
        return [
          head("PUT", IDENTITY, [
            "User-Agent: python-requests/2.32.3",
            "Accept-Encoding: gzip, deflate",
            "Accept: */*",
            "Connection: keep-alive",
            `Content-Length: ${bytes.length}`,
            `Content-Type: multipart/form-data; boundary=${boundary}`,
          ]),
          bytes,
        ];
      },
    ],
    [
      "JavaScript fetch with FormData, in chunks",
      "POST",
      IDENTITY,
      () => {
        const boundary = "----formdata-undici-012345678901";
        const bytes = body(boundary, [
          part(
            [
              'Content-Disposition: form-data; name="input_images"; filename="blob"',
              "Content-Type: application/octet-stream",
            ],
            face,
          ),
        ]);
        return [
          head("POST", IDENTITY, [
            "transfer-encoding: chunked",
            `content-type: multipart/form-data; boundary=${boundary}`,
            "accept: */*",
            "sec-fetch-mode: cors",
          ]),
          ...chunked(bytes),
        ];
      },
    ],
    [
      "JavaScript axios with form-data, maximal boundary, image last",
      "POST",
      `${IDENTITY}/recognize`,
      () => {
        const boundary = "--------------------------515890814546601021194782";
        const bytes = body(boundary, [
          part(['Content-Disposition: form-data; name="identity_id"'], identityId),
          part(
            [
              'Content-Disposition: form-data; name="input_image"; filename="a.jpg"',
              "Content-Type: image/jpeg",
            ],
            face,
          ),
        ]);
        return [
          head("POST", `${IDENTITY}/recognize`, [
            "Accept: application/json, text/plain, */*",
            `Content-Type: multipart/form-data; boundary=${boundary}`,
            "Transfer-Encoding: chunked",
          ]),
          ...chunked(bytes, 65_536),
        ];
      },
    ],
    [
      "PHP curl with CURLFile",
      "POST",
      IDENTITY,
      () => {
        const boundary = "------------------------1f3b5a7c9e2d4f60";
        const bytes = body(boundary, [
          part(
            [
              'Content-Disposition: form-data; name="input_images[0]"; filename="/var/www/a.jpg"',
              "Content-Type: application/octet-stream",
            ],
            face,
          ),
          part(
            [
              'Content-Disposition: form-data; name="input_images[1]"; filename="b.jpg"',
              "Content-Type: image/jpeg",
            ],
            face,
          ),
        ]);
        return [
          head("POST", IDENTITY, [
            "Accept: */*",
            `Content-Length: ${bytes.length}`,
            `Content-Type: multipart/form-data; boundary=${boundary}`,
          ]),
          bytes,
        ];
      },
    ],
    [
      "C# HttpClient (quoted boundary, unquoted names, filename*, text with a charset)",
      "POST",
      `${IDENTITY}/search`,
      () => {
        const boundary = "6c0e0c2a-5b6f-4c55-8d0e-0d9f4b8a7c11";
        const bytes = body(boundary, [
          part(
            ["Content-Type: text/plain; charset=utf-8", "Content-Disposition: form-data; name=max_result"],
            "5",
          ),
          part(
            ["Content-Disposition: form-data; name=input_image; filename=a.jpg; filename*=utf-8''a.jpg"],
            face,
          ),
        ]);
        return [
          head("POST", `${IDENTITY}/search`, [
            `Content-Type: multipart/form-data; boundary="${boundary}"`,
            `Content-Length: ${bytes.length}`,
          ]),
          bytes,
        ];
      },
    ],
    [
      "C# HttpClient with a file name that is not ASCII",
      "POST",
      IDENTITY,
      () => {
        const bytes = body("x", [
          part(
            [
              "Content-Type: image/jpeg",
              "Content-Disposition: form-data; name=input_images; filename=\"=?utf-8?B?w7wuanBn?=\"; filename*=utf-8''%C3%BC.jpg",
            ],
            face,
          ),
        ]);
        return [
          head("POST", IDENTITY, [
            'Content-Type: multipart/form-data; boundary="x"',
            `Content-Length: ${bytes.length}`,
          ]),
          bytes,
        ];
      },
    ],
    [
      "Swift, with a body made by hand and a preamble",
      "POST",
      IDENTITY,
      () => {
        const boundary = "Boundary-5A9E2C1B-3F4D-4E6A-9B8C-7D6E5F4A3B2C";
        const bytes = Buffer.concat([
          Buffer.from(CRLF),
          body(boundary, [
            part(
              [
                'Content-Disposition: form-data; name="input_images"; filename="image.jpg"',
                "Content-Type: image/jpeg",
              ],
              face,
            ),
          ]),
        ]);
        return [
          head("POST", IDENTITY, [
            `Content-Type: multipart/form-data; boundary=${boundary}`,
            `Content-Length: ${bytes.length}`,
          ]),
          bytes,
        ];
      },
    ],
    [
      "Kotlin OkHttp (a Content-Length in every part)",
      "PUT",
      IDENTITY,
      () => {
        const boundary = "9b0d1c7e-2f3a-4b5c-8d6e-7f8091a2b3c4";
        const bytes = body(boundary, [
          part(
            [
              'Content-Disposition: form-data; name="input_images"; filename="a.jpg"',
              "Content-Type: image/*",
              `Content-Length: ${face.length}`,
            ],
            face,
          ),
          part(
            ['Content-Disposition: form-data; name="identity_id"', `Content-Length: ${identityId.length}`],
            identityId,
          ),
        ]);
        return [
          head("PUT", IDENTITY, [
            `Content-Type: multipart/form-data; boundary=${boundary}`,
            `Content-Length: ${bytes.length}`,
            "User-Agent: okhttp/4.12.0",
          ]),
          bytes,
        ];
      },
    ],
    [
      "anything that sends the image as a field without a file name",
      "POST",
      IDENTITY,
      () => {
        const bytes = body("x", [
          part(['Content-Disposition: form-data; name="input_images"'], face),
          part(['content-disposition: form-data; name="input_images"', "content-type: image/jpeg"], face),
        ]);
        return [
          head("POST", IDENTITY, [
            "content-type: Multipart/Form-Data; charset=utf-8; Boundary=x",
            `Content-Length: ${bytes.length}`,
          ]),
          bytes,
        ];
      },
    ],
  ])("%s starts a job that succeeds", async (_, _method, route, bytes) => {
    const answer = await api.raw(bytes());
    expect(answer.status).toBe(200);
    expect((await api.done(route, answer.body.job_id)).status).toBe("Succeeded");
  });

  it("PHP curl with a big upload, which waits for 100 Continue, starts a job that succeeds", async () => {
    const bytes = body("x", [
      part(['Content-Disposition: form-data; name="input_images"; filename="a.jpg"'], face),
    ]);
    const { connect } = await import("node:net");
    const socket = connect(api.port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.write(
      head("POST", IDENTITY, [
        `Content-Length: ${bytes.length}`,
        "Expect: 100-continue",
        "Content-Type: multipart/form-data; boundary=x",
      ]),
    );
    await eventually(() => text).toContain("HTTP/1.1 100 Continue");
    socket.write(bytes);
    await eventually(() => text).toContain('{"job_id":"');
    const jobId = /"job_id":"([^"]+)"/.exec(text)![1]!;
    socket.destroy();
    expect((await api.done(IDENTITY, jobId)).status).toBe("Succeeded");
  });

  it("curl without a token and a big body reads its 401", async () => {
    const answer = await api.raw([
      `POST ${IDENTITY} HTTP/1.1${CRLF}Host: x${CRLF}Content-Type: multipart/form-data; boundary=x${CRLF}Content-Length: 3000000${CRLF}${CRLF}`,
      ...Array.from({ length: 30 }, () => Buffer.alloc(100_000)),
    ]);
    expect(answer.status).toBe(401);
  });
});

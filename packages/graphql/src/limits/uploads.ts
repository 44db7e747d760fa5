import { GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { GatewayLimits } from "./limits.ts";

/** Where a file may go: a variable, maybe in a batch. Two digits bound what an index can make an array grow to. */
const PLACE = /^(\d{1,2}\.)?variables(\.(?!__|constructor|prototype)[A-Za-z_]\w*|\.\d{1,2}){1,8}$/;

/**
 * Looks at a multipart request before it is put together: `map` writes files into `operations` by paths of the sender's choice,
 * and `variables.images.9999999` alone would make an array of ten million entries.
 */
export function uploadLimit({
  uploadFiles,
  requestBytes,
}: Pick<GatewayLimits, "uploadFiles" | "requestBytes">): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser }) {
      if (
        !requestParser ||
        !request.headers.get("content-type")?.toLowerCase().startsWith("multipart/form-data")
      )
        return;
      setRequestParser(async (unread) => {
        const form = await unread.formData().catch(() => {
          throw refusal(400, "BAD_MULTIPART", "The multipart body is broken off or malformed.");
        });
        // As fields also where they came with a file name, as some libraries give every part one.
        for (const name of ["operations", "map"]) {
          const field = form.get(name);
          if (field instanceof Blob) form.set(name, await textOf(field, requestBytes));
        }
        const operations = form.get("operations");
        if (typeof operations === "string" && operations.length > requestBytes)
          throw refusal(413, "TOO_LARGE", `\`operations\` is over ${requestBytes} bytes.`);
        const places = placesOf(form.get("map"));
        if (places.length > uploadFiles) {
          throw refusal(
            413,
            "TOO_MANY_FILES",
            `This request has ${places.length} files; the limit is ${uploadFiles}.`,
          );
        }
        if (!places.every((place) => PLACE.test(place)))
          throw refusal(400, "BAD_MULTIPART", "`map` must name variables, e.g. variables.input.images.0.");
        // The body can be read once only; the parser asks for nothing but the form.
        return requestParser(Object.create(unread, { formData: { value: async () => form } }) as Request);
      });
    },
  };
}

async function textOf(field: Blob, most: number): Promise<string> {
  if (field.size > most) throw refusal(413, "TOO_LARGE", `A field is over ${most} bytes.`);
  return field.text();
}

/** A file named twice counts twice, for it is sent on twice. */
function placesOf(map: FormDataEntryValue | null): string[] {
  try {
    return Object.values(JSON.parse(String(map ?? "{}")) as object).flatMap((places: unknown) =>
      Array.isArray(places) ? places.map(String) : [""],
    );
  } catch {
    return [""];
  }
}

function refusal(status: number, code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status } } });
}

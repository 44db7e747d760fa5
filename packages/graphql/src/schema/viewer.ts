import type { AccountInfo } from "@prosopon/core/contract";
import { builder } from "../builder.ts";
import { isUnsupported, upstream } from "../upstream.ts";

interface ViewerRecord {
  account: AccountInfo | undefined;
  tokenExpiresAt: number | undefined;
}

const Viewer = builder.objectRef<ViewerRecord>("Viewer").implement({
  description:
    "The account that is signed in. A server with only the documented routes tells nothing about it.",
  fields: (t) => ({
    clientId: t.string({ nullable: true, resolve: ({ account }) => account?.client_id }),
    name: t.string({ nullable: true, resolve: ({ account }) => account?.name }),
    identityCount: t.int({
      nullable: true,
      description: "In all collections.",
      resolve: ({ account }) => account?.identities,
    }),
    faceCount: t.int({ nullable: true, resolve: ({ account }) => account?.faces }),
    tokenExpiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When the access token in use ends, as far as it can be told.",
      resolve: ({ tokenExpiresAt }) =>
        tokenExpiresAt === undefined ? null : new Date(tokenExpiresAt).toISOString(),
    }),
  }),
});

builder.queryField("viewer", (t) =>
  t.field({
    type: Viewer,
    resolve: async (_, __, { client, tokenExpiresAt }) => {
      const account = await upstream(client.account()).catch((error: unknown) => {
        if (isUnsupported(error)) return undefined;
        throw error;
      });
      return { account, tokenExpiresAt };
    },
  }),
);

import { builder } from "../builder.ts";
import { UnsupportedByUpstreamError } from "../errors.ts";
import { upstream } from "../upstream.ts";

interface ViewerRecord {
  clientId?: string;
  name?: string;
  keepsCrops?: boolean;
  tokenExpiresAt?: number;
}

const Viewer = builder.objectRef<ViewerRecord>("Viewer").implement({
  description: "The account that is signed in, as far as the server tells.",
  fields: (t) => ({
    clientId: t.string({ nullable: true, resolve: (viewer) => viewer.clientId }),
    name: t.string({ nullable: true, resolve: (viewer) => viewer.name }),
    keepsCrops: t.boolean({ nullable: true, description: "Whether a 160 px crop of every enrolled face is kept.", resolve: (viewer) => viewer.keepsCrops }),
    tokenExpiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When the access token in use ends.",
      resolve: ({ tokenExpiresAt }) => (tokenExpiresAt === undefined ? null : new Date(tokenExpiresAt).toISOString()),
    }),
  }),
});

builder.queryField("viewer", (t) =>
  t.field({
    type: Viewer,
    resolve: async (_, __, { client, tokenExpiresAt }) => {
      const server = await upstream(client.server());
      if (!server) throw new UnsupportedByUpstreamError("x");
      return { ...(tokenExpiresAt !== undefined && { tokenExpiresAt }) };
    },
  }),
);

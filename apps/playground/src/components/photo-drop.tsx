import { Button, Group, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.css";
import { IconCamera, IconPhotoUp } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import classes from "./photo-drop.module.css";

const Camera = lazy(() => import("./camera.tsx").then((module) => ({ default: module.Camera })));

interface PhotoDropProps {
  onPhotos: (files: File[]) => void;
  many?: boolean;
  disabled?: boolean;
  /** Small, once there are photos. */
  compact?: boolean;
  title: string;
  hint: string;
}

/** Drop, paste, pick or take a photo. */
export function PhotoDrop({
  onPhotos,
  many = false,
  disabled = false,
  compact = false,
  title,
  hint,
}: PhotoDropProps) {
  const open = useRef<() => void>(null);
  const [camera, setCamera] = useState(false);
  useEffect(() => {
    if (disabled) return;
    const paste = ({ clipboardData }: ClipboardEvent) => {
      const files = [...(clipboardData?.files ?? [])].filter(({ type }) => type.startsWith("image/"));
      if (files.length > 0) onPhotos(many ? files : files.slice(0, 1));
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, [disabled, many, onPhotos]);

  return (
    <>
      <Dropzone
        openRef={open}
        onDrop={(files) => onPhotos(many ? files : files.slice(0, 1))}
        activateOnClick={false}
        activateOnKeyboard={false}
        multiple={many}
        disabled={disabled}
        accept={["image/*"]}
        className={classes.drop ?? ""}
        data-compact={compact || undefined}
        tabIndex={-1}
        role="group"
        aria-label={title}
        inputProps={{ "aria-label": title }}
        styles={{ inner: { pointerEvents: "auto" } }}
      >
        {!compact && (
          <>
            <IconPhotoUp size={40} stroke={1.3} color="var(--clay)" aria-hidden />
            <Text fw={600} fz="lg" mt="sm">
              {title}
            </Text>
            <Text c="dimmed" size="sm" mt={4} maw={360} style={{ textWrap: "balance" }}>
              {hint}
            </Text>
          </>
        )}
        <Group justify="center" gap="sm" mt={compact ? 0 : "lg"}>
          <Button
            variant={compact ? "default" : "filled"}
            onClick={() => open.current?.()}
            disabled={disabled}
          >
            {many ? "Choose photos" : "Choose a photo"}
          </Button>
          <Button
            variant="default"
            leftSection={<IconCamera size={17} />}
            onClick={() => setCamera(true)}
            disabled={disabled}
          >
            Camera
          </Button>
        </Group>
      </Dropzone>
      {camera && (
        <Suspense>
          <Camera onPhoto={(file) => onPhotos([file])} onClose={() => setCamera(false)} />
        </Suspense>
      )}
    </>
  );
}

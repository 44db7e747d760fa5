import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { Photo } from "../library/photos.ts";
import classes from "./photo-drop.module.css";

interface PhotoThumbsProps {
  photos: readonly Photo[];
  onRemove: (id: string) => void;
}

export function PhotoThumbs({ photos, onRemove }: PhotoThumbsProps) {
  if (photos.length === 0) return null;
  return (
    <ul className={classes.thumbs} aria-label="Chosen photos">
      {photos.map(({ id, url, file }) => (
        <li key={id} className="rise">
          <img src={url} alt={file.name} />
          <ActionIcon
            size={24}
            radius="xl"
            variant="filled"
            color="dark.6"
            aria-label={`Remove ${file.name}`}
            onClick={() => onRemove(id)}
          >
            <IconX size={14} stroke={2.4} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}

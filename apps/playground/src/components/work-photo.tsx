import type { SeenImageFieldsFragment } from "@prosopon/react-hooks";
import type { Photo } from "../library/photos.ts";
import { Failure } from "./failure.tsx";
import { PhotoDrop } from "./photo-drop.tsx";
import { PhotoFaces } from "./photo-faces.tsx";

interface WorkPhotoProps {
  /** The one that is worked on; left out before. */
  photo: Photo | undefined;
  alt: string;
  /** What the job saw in it. */
  seen: SeenImageFieldsFragment | undefined;
  tags?: readonly string[] | undefined;
  /** Whether it is being looked at. */
  busy: boolean;
  /** Why no photo is taken now, beside one that is being looked at. */
  disabled?: boolean;
  /** Of a file that was not taken. */
  problem: string | undefined;
  onPhotos: (files: File[]) => void;
  title: string;
  hint: string;
}

/** One photo to work on, with the faces found in it, and where the next one is dropped. */
export function WorkPhoto({
  photo,
  alt,
  seen,
  tags,
  busy,
  disabled = false,
  problem,
  onPhotos,
  title,
  hint,
}: WorkPhotoProps) {
  return (
    <>
      {photo && <PhotoFaces url={photo.url} alt={alt} seen={seen} tags={tags} scanning={busy} />}
      <PhotoDrop
        compact={photo !== undefined}
        disabled={busy || disabled}
        onPhotos={onPhotos}
        title={title}
        hint={hint}
      />
      {problem && <Failure title="That file was not taken" message={problem} />}
    </>
  );
}

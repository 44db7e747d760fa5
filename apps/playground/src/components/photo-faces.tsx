import type { SeenImageFieldsFragment } from "@prosopon/react-hooks";
import { count, percent } from "../library/text.ts";
import classes from "./photo-faces.module.css";
import { qualityColor } from "./quality.tsx";

interface PhotoFacesProps {
  url: string;
  alt: string;
  /** What the job saw in it; left out until it has. */
  seen?: SeenImageFieldsFragment | undefined;
  /** What is written at each face, by its place in `seen.faces`; the quality of the used ones otherwise. */
  tags?: readonly string[] | undefined;
  /** Whether it is being looked at. */
  scanning?: boolean;
}

/** A photo with the faces that were found drawn on it: the one that was used in full colour, with its quality. */
export function PhotoFaces({ url, alt, seen, tags, scanning = false }: PhotoFacesProps) {
  const faces = seen?.faces ?? [];
  const size = seen ?? { width: 1, height: 1 };
  return (
    <figure className={classes.photo}>
      <div className={classes.frame}>
        <img src={url} alt={seen ? `${alt}: ${count(faces.length, "face")} found` : alt} />
        {scanning && <div className={classes.scan} />}
        {seen && (
          <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" aria-hidden="true">
            {faces.map(({ box, used, quality }) => (
              <rect
                key={`${box.x} ${box.y}`}
                className={classes.box}
                x={box.x}
                y={box.y}
                width={box.width}
                height={box.height}
                rx={box.width * 0.07}
                stroke={
                  used ? `var(--mantine-color-${qualityColor(quality.score)}-4)` : "rgb(255 255 255 / 75%)"
                }
                strokeDasharray={used ? undefined : "5 5"}
              />
            ))}
          </svg>
        )}
        {faces
          .map((face, index) => ({ ...face, tag: tags?.[index] ?? `Quality ${percent(face.quality.score)}` }))
          .filter(({ used }) => used)
          .map(({ box, quality, tag }) => (
            <span
              key={`${box.x} ${box.y}`}
              className={`${classes.tag} number`}
              style={{
                left: `${(Math.max(0, box.x) / size.width) * 100}%`,
                top: `${(Math.max(box.y, size.height * 0.09) / size.height) * 100}%`,
                background: `var(--mantine-color-${qualityColor(quality.score)}-8)`,
              }}
            >
              {tag}
            </span>
          ))}
      </div>
    </figure>
  );
}

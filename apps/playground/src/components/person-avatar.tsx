import { initialsOf, nameOf } from "../library/text.ts";
import classes from "./person.module.css";

interface PersonAvatarProps {
  person: {
    name?: string | null;
    externalId?: string | null;
    identityId: string;
    faces?: readonly { cropDataUrl: string | null }[];
  };
  /** Pixels; left out, it fills its place. */
  size?: number;
}

/** The best crop that is kept of a person, else initials in a colour of their own. */
export function PersonAvatar({ person, size }: PersonAvatarProps) {
  const crop = person.faces?.find(({ cropDataUrl }) => cropDataUrl)?.cropDataUrl;
  const place =
    size === undefined ? { width: "100%" } : { width: size, borderRadius: Math.max(10, size / 4) };
  if (crop)
    return <img className={classes.avatar} style={place} src={crop} alt={`Face of ${nameOf(person)}`} />;
  return (
    <span
      className={classes.avatar}
      style={{
        ...place,
        ...coloursOf(person.identityId),
        fontSize: size === undefined ? undefined : size * 0.36,
      }}
      aria-hidden="true"
    >
      {initialsOf(person)}
    </span>
  );
}

/** Earth, sea, olive, plum, ochre: readable on both grounds. */
const hues = [18, 168, 92, 322, 46, 210, 264];

function coloursOf(id: string) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  const hue = hues[sum % hues.length];
  return {
    background: `linear-gradient(150deg, oklch(var(--avatar-light) 0.06 ${hue}), oklch(calc(var(--avatar-light) - 0.07) 0.085 ${hue}))`,
    color: `oklch(var(--avatar-ink) 0.09 ${hue})`,
  };
}

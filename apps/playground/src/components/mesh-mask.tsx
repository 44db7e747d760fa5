const points = [
  [200, 34],
  [118, 52],
  [282, 52],
  [62, 112],
  [338, 112],
  [200, 108],
  [128, 138],
  [272, 138],
  [94, 176],
  [160, 176],
  [240, 176],
  [306, 176],
  [200, 190],
  [54, 216],
  [346, 216],
  [176, 246],
  [224, 246],
  [200, 262],
  [96, 262],
  [304, 262],
  [144, 306],
  [256, 306],
  [200, 296],
  [200, 330],
  [78, 318],
  [322, 318],
  [122, 372],
  [278, 372],
  [200, 392],
  [200, 356],
] as const;
const lines =
  "0-1 0-2 1-3 2-4 0-5 1-5 2-5 1-6 2-7 5-6 5-7 3-6 4-7 3-8 6-8 6-9 8-9 4-11 7-11 7-10 10-11 5-12 9-12 10-12 9-5 10-5 3-13 4-14 8-13 11-14 12-15 12-16 15-17 16-17 15-16 9-15 10-16 8-18 9-18 13-18 11-19 10-19 14-19 15-18 16-19 18-20 19-21 17-22 15-20 16-21 20-22 21-22 20-23 21-23 22-23 13-24 14-25 18-24 19-25 20-24 21-25 24-26 25-27 20-26 21-27 23-29 20-29 21-29 26-29 27-29 26-28 27-28 28-29";

/** The mask as a detector's mesh, drawn large and faint. */
export function MeshMask({ className }: { className?: string | undefined }) {
  return (
    <svg viewBox="0 0 400 420" className={className} aria-hidden="true">
      {lines.split(" ").map((line) => {
        const [from = 0, to = 0] = line.split("-").map(Number);
        const [x1, y1] = points[from] ?? [0, 0];
        const [x2, y2] = points[to] ?? [0, 0];
        return <line key={line} x1={x1} y1={y1} x2={x2} y2={y2} stroke="currentColor" strokeWidth="1.2" />;
      })}
      {points.map(([x, y]) => (
        <circle key={`${x}-${y}`} cx={x} cy={y} r="3.4" fill="currentColor" />
      ))}
    </svg>
  );
}

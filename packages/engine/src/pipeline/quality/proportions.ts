import type { Point } from "../../types.ts";

/**
 * Width for height of a face beside those of the template, both along the template's axes: 1 for an ordinary face, 0.5 for a picture
 * squeezed to half its width. From the affine map that carries the template onto the mesh with the least square error.
 */
export function proportionsOf(mesh: readonly Point[], template: readonly Point[]): number {
  const [from, to] = [middleOf(template), middleOf(mesh)];
  let [xx, xy, yy, ux, uy, vx, vy] = [0, 0, 0, 0, 0, 0, 0];
  for (const [index, point] of template.entries()) {
    const [x, y] = [point.x - from.x, point.y - from.y];
    const [u, v] = [mesh[index]!.x - to.x, mesh[index]!.y - to.y];
    xx += x * x;
    xy += x * y;
    yy += y * y;
    ux += u * x;
    uy += u * y;
    vx += v * x;
    vy += v * y;
  }
  // Columns of the map, both times the same determinant.
  const width = Math.hypot(ux * yy - uy * xy, vx * yy - vy * xy);
  const height = Math.hypot(uy * xx - ux * xy, vy * xx - vx * xy);
  return width / height;
}

function middleOf(points: readonly Point[]): Point {
  const sum = { x: 0, y: 0 };
  for (const { x, y } of points) {
    sum.x += x / points.length;
    sum.y += y / points.length;
  }
  return sum;
}

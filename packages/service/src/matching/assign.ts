/**
 * The best assignment of rows to columns, each column to one row at most: the pairs whose weights have the largest sum. A weight of
 * 0 is no pair. Hungarian method with potentials (Kuhn 1955, as by Jonker and Volgenant), in O(rows² (rows + columns)).
 * @param weights rows of one length, >= 0
 * @returns each row's column; undefined for one without
 */
export function assign(weights: readonly (readonly number[])[]): (number | undefined)[] {
  const rows = weights.length;
  // A column of its own for each row, where it is left without.
  const columns = (weights[0]?.length ?? 0) + rows;
  const cost = (row: number, column: number): number => -(weights[row]![column] ?? 0);
  const rowPotential = new Float64Array(rows);
  const columnPotential = new Float64Array(columns + 1);
  /** Row of each column; the column after the last one is where a search begins. */
  const rowOf = new Int32Array(columns + 1).fill(-1);
  for (let row = 0; row < rows; row++) {
    const least = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
    const before = new Int32Array(columns).fill(columns);
    const done = new Uint8Array(columns + 1);
    let at = columns;
    rowOf[at] = row;
    do {
      done[at] = 1;
      const current = rowOf[at]!;
      let delta = Number.POSITIVE_INFINITY;
      let next = at;
      for (let column = 0; column < columns; column++) {
        if (done[column]) continue;
        const reduced = cost(current, column) - rowPotential[current]! - columnPotential[column]!;
        if (reduced < least[column]!) {
          least[column] = reduced;
          before[column] = at;
        }
        if (least[column]! < delta) {
          delta = least[column]!;
          next = column;
        }
      }
      for (let column = 0; column <= columns; column++) {
        if (done[column]) {
          rowPotential[rowOf[column]!]! += delta;
          columnPotential[column]! -= delta;
        } else if (column < columns) least[column]! -= delta;
      }
      at = next;
    } while (rowOf[at] !== -1);
    while (at !== columns) {
      const previous = before[at]!;
      rowOf[at] = rowOf[previous]!;
      at = previous;
    }
    rowOf[columns] = -1;
  }
  const result = Array.from({ length: rows }, (): number | undefined => undefined);
  for (let column = 0; column < columns; column++) {
    const row = rowOf[column]!;
    if (row !== -1 && (weights[row]![column] ?? 0) > 0) result[row] = column;
  }
  return result;
}

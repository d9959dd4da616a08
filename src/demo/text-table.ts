/** Rows in columns, two spaces apart; columns of numbers are flush right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const numeric = widths.map((_, at) => rows.every((row, index) => index === 0 || /^[-+\d.,]*$/.test(row[at] ?? '')));
  return rows
    .map((row) =>
      row
        .map((cell, at) => (numeric[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

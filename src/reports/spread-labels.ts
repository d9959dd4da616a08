/**
 * Moves values apart until neighbours are at least `gap` from each other, each as little as possible and all in their
 * order: so that labels at the ends of lines do not cover each other.
 */
export function spreadLabels(values: readonly number[], gap: number): number[] {
  const order = values
    .map((value, index) => ({ value, index }))
    .toSorted((a, b) => a.value - b.value || a.index - b.index);
  // Groups of labels that touch are laid out around the mean of what they label; merging goes on until none touch.
  const groups: { sum: number; size: number }[] = [];
  for (const { value } of order) {
    let group = { sum: value, size: 1 };
    for (let below = groups.at(-1); below && overlap(below, group, gap); below = groups.at(-1)) {
      groups.pop();
      group = { sum: below.sum + group.sum, size: below.size + group.size };
    }
    groups.push(group);
  }
  const placed = groups.flatMap((group) =>
    Array.from({ length: group.size }, (_, place) => lowest(group, gap) + place * gap),
  );
  const moved = Array.from(values, () => 0);
  order.forEach(({ index }, place) => {
    moved[index] = placed[place] ?? 0;
  });
  return moved;
}

function overlap(below: { sum: number; size: number }, above: { sum: number; size: number }, gap: number): boolean {
  return lowest(below, gap) + below.size * gap > lowest(above, gap);
}

function lowest(group: { sum: number; size: number }, gap: number): number {
  return group.sum / group.size - ((group.size - 1) * gap) / 2;
}

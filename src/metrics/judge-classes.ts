/** Numbers of a row: the probability of its class, the squared error over all classes, 1 when its class was likeliest. */
export const CLASS_NUMBERS = 3;

export interface ClassAnswers {
  /** A probability for each class of the model, row after row. */
  readonly shares: Float64Array;
  /** The number that each class of the model has among the labels. */
  readonly classes: ArrayLike<number>;
  /** The labels of these rows; -1 for a class that is in no list. */
  readonly labels: ArrayLike<number>;
}

/**
 * What metrics need of a model's probabilities: three numbers a row instead of one for each class. A class that the model
 * does not know has the probability 0.
 *
 * @param at first number of the first row in `into`
 */
export function judgeClasses({ shares, classes, labels }: ClassAnswers, into: Float64Array, at = 0): void {
  const width = classes.length;
  for (let row = 0, place = at; row < labels.length; row++, place += CLASS_NUMBERS) {
    const label = labels[row];
    let [truth, squares, likeliest, most] = [-1, 0, -1, -1];
    for (let index = 0; index < width; index++) {
      const share = shares[row * width + index] as number;
      const name = classes[index] as number;
      if (share > most) [most, likeliest] = [share, name];
      if (name === label) truth = share;
      squares += (name === label ? 1 - share : share) ** 2;
    }
    into[place] = Math.max(0, truth);
    into[place + 1] = truth < 0 ? squares + 1 : squares;
    into[place + 2] = likeliest === label ? 1 : 0;
  }
}

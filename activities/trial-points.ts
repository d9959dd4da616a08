/** A trial that tells a value for each batch of rows would fill the study, and each look of a pruner goes through all. */
const MOST_POINTS = 1000;

/**
 * The searched metric at steps of one trial. When there are too many, every second one is dropped, and of those to come as
 * many: trials that tell their values at the same steps keep them at the same steps.
 */
export class TrialPoints {
  #kept: (readonly [step: number, value: number])[] = [];
  #every = 1;
  #told = 0;

  get kept(): readonly (readonly [step: number, value: number])[] {
    return this.#kept;
  }

  /** Whether it was kept. What is no finite number never is. */
  add(step: number, value: number | undefined): boolean {
    if (value === undefined || !Number.isFinite(value)) return false;
    if (this.#told++ % this.#every !== 0) return false;
    this.#kept.push([step, value]);
    if (this.#kept.length < MOST_POINTS) return true;
    this.#kept = this.#kept.filter((_, index) => index % 2 === 0);
    this.#every *= 2;
    return true;
  }
}

/** Code that cannot be packed, or a bundle that cannot be unpacked; the message says what was found and what is wanted. */
export class CodeProblem extends Error {
  override readonly name = 'CodeProblem';
}

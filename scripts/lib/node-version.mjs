/** Why this Node cannot be used, or undefined. */
export function nodeProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return undefined;
  return `run Perennial on Node ${version}: Node >= 20.19 is wanted (22 or 24 are recommended)`;
}

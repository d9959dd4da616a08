import { redact } from './redact.js';

/** Makes words of a trainer fit to be shown: without control characters, secrets, and what looks like one. */
export type CleanText = (text: string, mostCharacters: number) => string;

/** @param secrets texts that are replaced by `***`, also where they stand in JSON or a URL, and line by line */
export function textCleaner(secrets: readonly string[] = []): CleanText {
  const hidden = secrets
    .flatMap((secret) => [secret, ...secret.split(/\r?\n/)])
    .flatMap((text) => [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)])
    .filter((text) => text.trim() !== '')
    // The longest first: one may be part of another.
    .toSorted((one, other) => other.length - one.length);
  return (text, mostCharacters) => {
    // Control characters would act on terminals.
    const plain = text.replace(/[^\P{Cc}\t]/gu, '');
    const without = hidden.reduce((rest, secret) => rest.replaceAll(secret, '***'), plain);
    // Cut after redacting, else a secret that is cut in two is not known for one.
    return redact(without).slice(0, mostCharacters);
  };
}

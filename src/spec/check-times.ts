import { durationMs } from '../domain/duration.js';
import type { Loose, SpecParts } from './parts.js';
import { cronProblem } from './cron.js';
import { didYouMean } from './issues.js';
import { quoted, type SpecIssue, type SpecPath } from './path.js';

/** Durations within what they can mean, and the schedule's calendar. */
export function checkTimes({ task, trainer, rollout, triggers }: SpecParts): SpecIssue[] {
  return [
    ...between(['task', 'labelDelay'], task?.labelDelay, '0s', '36500d'),
    ...between(['trainer', 'timeout'], trainer?.timeout, '1s', '30d'),
    ...between(['rollout', 'timeout'], rollout?.timeout, '1s', '1d'),
    ...between(['triggers', 'cooldown'], triggers?.cooldown, '0s', '3650d'),
    ...checkSchedule(triggers?.schedule),
  ];
}

/** A duration outside of what it can mean. */
export function between(path: SpecPath, value: string | undefined, least: string, most: string): SpecIssue[] {
  if (value === undefined) return [];
  const ms = durationMs(value);
  if (ms >= durationMs(least) && ms <= durationMs(most)) return [];
  return [{ path, message: `found ${quoted(value)}, want ${least} to ${most}` }];
}

function checkSchedule(schedule: Loose<{ cron: string; timezone: string }>): SpecIssue[] {
  if (!schedule) return [];
  const issues: SpecIssue[] = [];
  const path = ['triggers', 'schedule'];
  const { cron, timezone } = schedule;
  const problem = cron === undefined ? undefined : cronProblem(cron);
  if (problem) issues.push({ path: [...path, 'cron'], message: problem });
  if (timezone !== undefined && !isTimezone(timezone)) {
    const guess = didYouMean(timezone, Intl.supportedValuesOf('timeZone'));
    const message = `found ${quoted(timezone)}, want UTC or a name such as Europe/Berlin${guess}`;
    issues.push({ path: [...path, 'timezone'], message });
  }
  return issues;
}

function isTimezone(name: string): boolean {
  try {
    // Offsets such as +01:00 are taken here by newer runtimes, but are no names to a scheduler.
    return Intl.DateTimeFormat('en', { timeZone: name }) !== undefined && /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

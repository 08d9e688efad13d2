import type { ErrorCode, Refusal } from './wire.js';

/** The server's codes, and two of the way there: no answer in time, no connection. */
export type ClientErrorCode = ErrorCode | 'TIMEOUT' | 'OFFLINE';

/** A refusal or a failure on the way. `message` is written for people. */
export class StorywireError extends Error {
  readonly code: ClientErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ClientErrorCode, message: string, retryAfterMs?: number) {
    super(message);
    this.name = 'StorywireError';
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  static from(refusal: Refusal): StorywireError {
    return new StorywireError(refusal.code, refusal.message, refusal.retryAfterMs);
  }
}

/** Whatever was thrown, as a StorywireError. */
export function asStorywireError(thrown: unknown): StorywireError {
  if (thrown instanceof StorywireError) return thrown;
  return new StorywireError('INTERNAL', thrown instanceof Error ? thrown.message : 'Something did not work.');
}

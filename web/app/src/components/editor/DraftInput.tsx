'use client';

import { useEffect, useId, useState } from 'react';

interface Props {
  label: string;
  value: string;
  onCommit: (value: string) => string | null;
  className?: string | undefined;
  placeholder?: string;
  disabled?: boolean;
  maxLength?: number;
}

/**
 * A field that is written whole, on Enter or when it is left; Escape gives it up. `onCommit` returns why a value
 * cannot be taken: then nothing is written.
 */
export function DraftInput({ label, value, onCommit, className, placeholder, disabled, maxLength }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const problemId = useId();
  useEffect(() => {
    if (disabled) setDraft(null);
  }, [disabled]);
  const commit = () => {
    if (draft === null) return;
    const refused = draft.trim() === value ? null : onCommit(draft.trim());
    setProblem(refused);
    if (refused === null) setDraft(null);
  };
  return (
    <>
      <input
        className={className}
        aria-label={label}
        aria-invalid={problem !== null}
        aria-describedby={problem ? problemId : undefined}
        value={draft ?? value}
        disabled={disabled}
        maxLength={maxLength}
        placeholder={disabled ? undefined : placeholder}
        autoComplete="off"
        onChange={(event) => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
          if (event.key === 'Escape') {
            setDraft(null);
            setProblem(null);
          }
        }}
      />
      {problem ? (
        <p id={problemId} role="alert" className="problem">
          {problem}
        </p>
      ) : null}
    </>
  );
}

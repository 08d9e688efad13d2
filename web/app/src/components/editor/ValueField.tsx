'use client';

import { parseValue, type VarType, type VarValue } from '@/lib/editor/vars';
import { DraftInput } from './DraftInput';

interface Props {
  label: string;
  type: VarType;
  value: VarValue;
  disabled?: boolean;
  onCommit: (value: VarValue) => void;
}

/** A value of a variable, by its type. */
export function ValueField({ label, type, value, disabled = false, onCommit }: Props) {
  if (type === 'bool') {
    return (
      <select
        aria-label={label}
        value={String(value)}
        disabled={disabled}
        onChange={(event) => onCommit(event.target.value === 'true')}
      >
        <option value="true">true</option>
        <option value="false">false</option>
      </select>
    );
  }
  return (
    <DraftInput
      label={label}
      value={String(value)}
      disabled={disabled}
      onCommit={(words) => {
        const parsed = parseValue(type, words);
        if (parsed === null) return 'A whole number, please.';
        onCommit(parsed);
        return null;
      }}
    />
  );
}

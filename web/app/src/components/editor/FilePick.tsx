'use client';

import { FileUp } from 'lucide-react';
import { useRef } from 'react';
import { ACCEPT } from '@/lib/editor/files';
import styles from './files.module.css';

/** A button that asks for a story's file. */
export function FilePick({
  label,
  file,
  onFile,
}: {
  label: string;
  file: File | null;
  onFile: (file: File) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className={styles.pick}>
      <button type="button" className="plain" onClick={() => input.current?.click()}>
        <FileUp size={18} strokeWidth={1.5} aria-hidden="true" />
        {file ? 'Another file' : label}
      </button>
      {file ? <span className={styles.chosen}>{file.name}</span> : null}
      <input
        ref={input}
        type="file"
        hidden
        accept={ACCEPT}
        aria-label={label}
        onChange={({ target }) => {
          const chosen = target.files?.[0];
          target.value = ''; // the same file again is a choice, too: it may have been mended
          if (chosen) onFile(chosen);
        }}
      />
    </div>
  );
}

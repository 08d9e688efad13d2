import type { ReactNode } from 'react';

/** Says aloud what went wrong, if anything did. */
export function Alert({ children }: { children: ReactNode }) {
  if (!children) return null;
  return (
    <p role="alert" className="problem">
      {children}
    </p>
  );
}

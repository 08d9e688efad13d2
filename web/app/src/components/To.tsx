'use client';

import type { AnchorHTMLAttributes, MouseEvent } from 'react';
import { navigate } from '@/lib/route';

type Props = AnchorHTMLAttributes<HTMLAnchorElement> & { href: string };

/** A link inside the application; with a modifier key it is the browser's. */
export function To({ href, onClick, children, ...rest }: Props) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const own = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!own || event.defaultPrevented) return;
    event.preventDefault();
    navigate(href);
  };
  return (
    <a href={href} onClick={follow} {...rest}>
      {children}
    </a>
  );
}

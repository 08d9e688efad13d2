import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import '@fontsource-variable/inter';
import '@fontsource-variable/literata/opsz.css';
import '@fontsource-variable/literata/wght-italic.css';
import './globals.css';

export const metadata: Metadata = {
  title: 'Storywire',
  description: 'A reading room: stories, and the people gathered around them.',
  icons: { icon: '/icon.svg' },
};

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f8f4ec' },
    { media: '(prefers-color-scheme: dark)', color: '#12161f' },
  ],
  // The keyboard of a phone shortens the page instead of covering the field one writes in.
  interactiveWidget: 'resizes-content',
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* Blocking on purpose: see the file. */}
        <script src="/theme.js" />
      </head>
      <body>{children}</body>
    </html>
  );
}

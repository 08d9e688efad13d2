import type { NextConfig } from 'next';

/** Where `next dev` finds a running server; the export needs none. */
const server = process.env.STORYWIRE_URL ?? 'http://localhost:3000';

const development: NextConfig = {
  // The paths that the binary answers itself, and its shells.
  rewrites: async () => [
    { source: '/story/:id', destination: '/story' },
    { source: '/edit/:id', destination: '/edit' },
    { source: '/party/:id', destination: '/party' },
    { source: '/invite/:code', destination: '/invite' },
    { source: '/socket.io/:path*', destination: `${server}/socket.io/:path*` },
    { source: '/v1/:path*', destination: `${server}/v1/:path*` },
    { source: '/demo/:path*', destination: `${server}/demo/:path*` },
  ],
  skipTrailingSlashRedirect: true,
};

const config: NextConfig =
  process.env.NODE_ENV === 'development' ? development : { output: 'export', images: { unoptimized: true } };

export default config;

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'client',
          include: ['client/src/**/__tests__/*.test.ts'],
          typecheck: {
            enabled: true,
            include: ['client/src/**/__tests__/*.test-d.ts'],
            tsconfig: 'client/tsconfig.json',
          },
        },
      },
      {
        resolve: { alias: { '@': new URL('./app/src', import.meta.url).pathname } },
        test: { name: 'app', include: ['app/src/**/__tests__/*.test.ts'] },
      },
    ],
  },
});

// Hocuspocus without persistence, authentication or logging: the least that it can do.
import { Server } from '@hocuspocus/server';

const server = new Server({ port: 0, address: '127.0.0.1', quiet: true, debounce: 2000, maxDebounce: 10000 });
await server.listen();
console.log(`listening ${server.address.port}`);
process.on('SIGTERM', () => process.exit(0));

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { SocketProvider, useSocket } from '@/lib/contexts/SocketContext';
import { LiveComments } from './LiveComments';
import { Notifications } from './Notifications';
import { OnlineIndicator } from './OnlineIndicator';

const params = new URLSearchParams(location.search);

function Connection() {
  return <output aria-label="Connection">{useSocket().isConnected ? 'connected' : 'not connected'}</output>;
}

// StrictMode: every effect runs, is cleaned up and runs again, as a team sees it in development.
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <SocketProvider>
      <Connection />
      <OnlineIndicator userId={params.get('watch') ?? ''} />
      <LiveComments storyId={params.get('story') ?? ''} />
      <Notifications />
      <ul id="toasts" aria-label="Toasts" />
    </SocketProvider>
  </StrictMode>,
);

import { useSocket } from '@/lib/contexts/SocketContext';
import { useEffect, useState } from 'react';

export function OnlineIndicator({ userId }: { userId: string }) {
  const { socket } = useSocket();
  const [isOnline, setIsOnline] = useState(false);

  useEffect(() => {
    if (!socket) return;

    socket.on('user:online', (data) => {
      if (data.userId === userId) {
        setIsOnline(true);
      }
    });

    socket.on('user:offline', (data) => {
      if (data.userId === userId) {
        setIsOnline(false);
      }
    });

    return () => {
      socket.off('user:online');
      socket.off('user:offline');
    };
  }, [socket, userId]);

  return (
    <span className={`w-2 h-2 rounded-full ${isOnline ? 'bg-green-500' : 'bg-gray-500'}`} />
  );
}

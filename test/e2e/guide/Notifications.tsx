import { useSocket } from '@/lib/contexts/SocketContext';
import { useEffect, useState } from 'react';
import { toast } from './toast';

export function Notifications() {
  const { socket } = useSocket();
  const [unreadCount, setUnreadCount] = useState(0);

  // Listen for notifications
  useEffect(() => {
    if (!socket) return;

    socket.on('notification:new', (notification) => {
      // Show toast notification
      toast.success(notification.title);

      // Update notification count
      setUnreadCount((prev) => prev + 1);
    });

    return () => {
      socket.off('notification:new');
    };
  }, [socket]);

  return <output aria-label="Unread">{unreadCount}</output>;
}

import { CommentInput } from './CommentInput';
// components/LiveComments.tsx
import { useSocket } from '@/lib/contexts/SocketContext';
import { useEffect, useState } from 'react';

export function LiveComments({ storyId }: { storyId: string }) {
  const { socket } = useSocket();
  const [comments, setComments] = useState([]);
  const [typing, setTyping] = useState<string[]>([]);

  useEffect(() => {
    if (!socket) return;

    // Join story room
    socket.emit('story:join', { storyId });

    // Listen for new comments
    socket.on('comment:created', (comment) => {
      setComments((prev) => [...prev, comment]);
    });

    // Listen for typing indicators
    socket.on('comment:typing', (data) => {
      if (data.isTyping) {
        setTyping((prev) => [...prev, data.userId]);
      } else {
        setTyping((prev) => prev.filter((id) => id !== data.userId));
      }
    });

    return () => {
      socket.emit('story:leave', { storyId });
      socket.off('comment:created');
      socket.off('comment:typing');
    };
  }, [socket, storyId]);

  const handleSendComment = (content: string) => {
    if (!socket) return;
    socket.emit('comment:new', { storyId, content });
  };

  return (
    <div>
      <div className="space-y-3">
        {comments.map((comment) => (
          <div key={comment.id} className="game-panel p-3">
            <p className="font-semibold">{comment.user.display_name}</p>
            <p className="text-sm">{comment.content}</p>
          </div>
        ))}
      </div>

      {typing.length > 0 && (
        <p className="text-sm text-gray-400 mt-2">
          {typing.length} {typing.length === 1 ? 'person is' : 'people are'} typing...
        </p>
      )}

      <CommentInput onSend={handleSendComment} storyId={storyId} />
    </div>
  );
}

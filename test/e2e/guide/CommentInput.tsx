type Props = { storyId: string; onSend: (content: string) => void };
// components/CommentInput.tsx
import { useSocket } from '@/lib/contexts/SocketContext';
import { useState, useCallback } from 'react';
import { debounce } from 'lodash';

export function CommentInput({ storyId, onSend }: Props) {
  const { socket } = useSocket();
  const [content, setContent] = useState('');

  // Debounced typing indicator
  const emitTyping = useCallback(
    debounce((isTyping: boolean) => {
      if (socket) {
        socket.emit('comment:typing', { storyId, isTyping });
      }
    }, 500),
    [socket, storyId],
  );

  const handleChange = (e: React.ChangeEvent<HTMLTextAreaElement>) => {
    setContent(e.target.value);
    emitTyping(e.target.value.length > 0);
  };

  const handleSubmit = () => {
    if (!content.trim()) return;
    onSend(content);
    setContent('');
    emitTyping(false);
  };

  return (
    <div>
      <textarea
        value={content}
        onChange={handleChange}
        placeholder="Write a comment..."
        className="w-full p-3 bg-game-panel rounded-lg"
      />
      <button onClick={handleSubmit} className="game-button mt-2">
        Send
      </button>
    </div>
  );
}

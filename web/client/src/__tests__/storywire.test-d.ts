import { expectTypeOf, test } from 'vitest';
import type { CommentRow, ConnectionStatus, Readable, Storywire } from '../index.js';
import { createStorywire } from '../index.js';
import type { Transport } from '../transport.js';
import type { Ack, Comment, StoryJoined } from '../wire.js';

test('a client needs nothing, and says what it gives', () => {
  expectTypeOf(createStorywire).toBeCallableWith();
  expectTypeOf(createStorywire).toBeCallableWith({ url: 'https://x.example', getToken: async () => 'token' });
  expectTypeOf<Storywire['online']>().toEqualTypeOf<Readable<ReadonlySet<string>>>();
});

test('the connection has five words', () => {
  expectTypeOf<ConnectionStatus>().toEqualTypeOf<
    'initial' | 'connecting' | 'connected' | 'reconnecting' | 'disconnected'
  >();
  expectTypeOf<CommentRow['status']>().toEqualTypeOf<'sending' | 'sent' | 'failed'>();
});

test('events are typed by their names, both ways', () => {
  const transport = {} as Transport;
  expectTypeOf(transport.ask<'story:join'>)
    .parameter(1)
    .toEqualTypeOf<{ storyId: string }>();
  expectTypeOf(transport.ask<'story:join'>).returns.resolves.toEqualTypeOf<Ack<StoryJoined>>();
  expectTypeOf(transport.on<'comment:created'>)
    .parameter(1)
    .parameter(0)
    .toEqualTypeOf<Comment>();
  // @ts-expect-error an event that does not exist
  expectTypeOf(transport.send).toBeCallableWith('comment:sing', {});
  // @ts-expect-error a payload of another event
  expectTypeOf(transport.send).toBeCallableWith('story:join', { content: 'x' });
});

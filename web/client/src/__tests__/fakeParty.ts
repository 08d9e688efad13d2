import {
  PLAY_DEFAULTS,
  type PlayEvent,
  type PlayEventType,
  type PlayPayload,
  type PlayRound,
  type PlaySeat,
  type PlayState,
  type PlayView,
} from '../wire.js';
import { ezra, wren } from './fakeTransport.js';

export const mira = { id: 'u-mira', display_name: 'Mira', avatar_url: null };

export const seat = (no: number, user = wren, more: Partial<PlaySeat> = {}): PlaySeat => ({
  no,
  user,
  ready: false,
  role: '',
  conn: 'on',
  ...more,
});

export const round = (no: number, more: Partial<PlayRound> = {}): PlayRound => ({
  round: no,
  passageId: `p${no}`,
  name: `Passage ${no}`,
  tags: [],
  text: 'A lamp burns.',
  options: [
    { id: 'left', label: 'Go left' },
    { id: 'right', label: 'Go right' },
  ],
  mode: 'majority',
  eligible: [wren.id, ezra.id],
  turn: null,
  deadlineInMs: null,
  timerMs: null,
  tied: [],
  ...more,
});

/** A party of Wren, who looks at it, and Ezra, in the lobby unless `more` says otherwise. */
export const view = (more: Partial<PlayView> = {}): PlayView => ({
  sessionId: 'g1',
  code: 'ABC234',
  storyId: 's1',
  releaseId: 'r1',
  title: 'The Well',
  roles: [],
  status: 'lobby',
  reason: '',
  host: wren.id,
  seats: [seat(1), seat(2, ezra)],
  watching: 0,
  settings: PLAY_DEFAULTS,
  round: null,
  votes: { voted: [], counts: {}, by: {} },
  suggestions: {},
  path: [],
  proposal: null,
  rematch: null,
  me: { seat: 1, spectator: false, role: '', canChoose: [], canSuggest: false, vote: null, vars: {} },
  createdAt: '2026-01-01T00:00:00.000Z',
  ...more,
});

/** The same party in its first round. */
export const playing = (more: Partial<PlayView> = {}): PlayView => {
  const base = view();
  return {
    ...base,
    status: 'playing',
    round: round(1),
    path: [{ round: 1, passageId: 'p1', name: 'Passage 1', label: '' }],
    me: { ...base.me, canChoose: ['left', 'right'] },
    ...more,
  };
};

export const state = (seq: number, of: PlayView = view()): PlayState => ({
  sessionId: of.sessionId,
  seq,
  v: seq,
  view: of,
  serverNow: '2026-01-01T00:00:00.000Z',
});

export const event = (
  seq: number,
  type: PlayEventType,
  payload: PlayPayload = {},
  more: Partial<PlayEvent> = {},
): PlayEvent => ({
  sessionId: 'g1',
  seq,
  v: seq,
  round: 1,
  type,
  actor: null,
  payload,
  serverNow: '2026-01-01T00:00:00.000Z',
  ...more,
});

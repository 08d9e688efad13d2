import {
  PLAY_LIMITS,
  type PlayEvent,
  type PlayEventType,
  type PlayOption,
  type PlayPayload,
  type PlayRound,
  type PlaySeat,
  type PlayView,
  type PlayVotes,
} from './wire.js';

/**
 * The party after an event, as the viewer `me` sees it. Null where the event does not tell enough: then only
 * the server knows.
 */
export function afterEvent(view: PlayView, event: PlayEvent, me: string): PlayView | null {
  const change = CHANGES[event.type];
  const next = change ? change(view, event.payload, me) : view;
  return next && next !== view ? withChances(next, me) : next;
}

type Change = (view: PlayView, payload: PlayPayload, me: string) => PlayView | null;

const seat: Change = (view, { seat: one }, me) => (one ? seated(view, one, me) : null);
const proposal: Change = (view, payload) => ({ ...view, proposal: payload.proposal ?? null });

/** What each type of event does. Those that are not here change nothing that is shown. */
const CHANGES: { [T in PlayEventType]?: Change } = {
  joined: seat,
  left: seat,
  kicked: seat,
  ready: seat,
  conn: seat,
  settings: (view, { settings }) => (settings ? { ...view, settings } : null),
  // Who plays which role is not in the event.
  started: (view) => (view.roles.length > 0 ? null : { ...view, status: 'playing', reason: '' }),
  host_changed: (view, { userId }) => ({ ...view, host: userId ?? view.host }),
  paused: (view, { reason = '' }) => timed({ ...view, status: 'paused', reason }, null),
  resumed: (view, { deadlineInMs = null }) => timed({ ...view, status: 'playing', reason: '' }, deadlineInMs),
  ended: (view, { reason = '' }) =>
    timed({ ...view, status: 'ended', reason, code: '', proposal: null }, null),
  rematch: (view, { rematch = null }) => ({ ...view, rematch }),
  proposed: proposal,
  agreed: proposal,
  declined: proposal,
  rewound: (view, { path = [] }) => ({ ...view, path, proposal: null }),
  round: (view, { round }) => (round ? entered(view, round) : null),
  private: (view, { round, vars = view.me.vars }) =>
    round ? { ...view, round, me: { ...view.me, vars } } : null,
  voted: (view, { userId, option, votes = view.votes }, me) => {
    const vote = userId === me ? (option ?? view.me.vote) : view.me.vote;
    return { ...view, votes, me: { ...view.me, vote } };
  },
  suggested: (view, { userId, option }) =>
    userId && option ? { ...view, suggestions: { ...view.suggestions, [userId]: option } } : view,
  revote: (view, { tied = [], votes = view.votes, deadlineInMs = null }) => {
    const round = view.round && { ...view.round, tied, deadlineInMs };
    return { ...view, votes, round, me: { ...view.me, vote: null } };
  },
  rearmed: (view, { deadlineInMs = null }) => timed(view, deadlineInMs),
  turn: (view, { userId = null, deadlineInMs = null }) => {
    const round = view.round && { ...view.round, turn: userId };
    return timed({ ...view, round }, deadlineInMs);
  },
  eligible: (view, { eligible = [] }) => ({ ...view, round: view.round && { ...view.round, eligible } }),
  resolved: (view, { label = '', votes = view.votes }) => {
    const path = view.path.map((step) => (step.round === view.round?.round ? { ...step, label } : step));
    return timed({ ...view, votes, path }, null);
  },
};

function timed(view: PlayView, deadlineInMs: number | null): PlayView {
  return view.round ? { ...view, round: { ...view.round, deadlineInMs } } : view;
}

function entered(view: PlayView, round: PlayRound): PlayView {
  const { votes } = view.settings;
  const none: PlayVotes = {
    voted: [],
    counts: votes === 'hidden' ? null : {},
    by: votes === 'open' ? {} : null,
  };
  const step = { round: round.round, passageId: round.passageId, name: round.name, label: '' };
  const path = view.path.length < PLAY_LIMITS.path ? [...view.path, step] : view.path;
  const me = { ...view.me, vote: null };
  return { ...view, round, votes: none, suggestions: {}, path, proposal: null, me };
}

const gone = ({ conn }: PlaySeat): boolean => conn === 'left' || conn === 'kicked';

function seated(view: PlayView, seat: PlaySeat, me: string): PlayView | null {
  const id = seat.user.id;
  const known = view.seats.some(({ user }) => user.id === id);
  const seats = known ? view.seats.map((one) => (one.user.id === id ? seat : one)) : [...view.seats, seat];
  const mine = { ...view.me, seat: gone(seat) ? null : seat.no, role: seat.role };
  const next = { ...view, seats, me: id === me ? { ...mine, spectator: false } : view.me };
  return gone(seat) ? without(next, id) : next;
}

/** Who goes takes their vote along. */
function without(view: PlayView, id: string): PlayView | null {
  const { [id]: _, ...suggestions } = view.suggestions;
  const eligible = view.round?.eligible.filter((one) => one !== id) ?? [];
  const round = view.round && { ...view.round, eligible };
  if (!view.votes.voted.includes(id)) return { ...view, round, suggestions };
  const { voted: before, counts, by } = view.votes;
  if (counts !== null && by === null) return null;
  const { [id]: option, ...rest } = by ?? {};
  const fewer = counts && option ? { ...counts, [option]: (counts[option] ?? 1) - 1 } : counts;
  const votes = { voted: before.filter((one) => one !== id), counts: fewer, by: by && rest };
  return { ...view, round, suggestions, votes };
}

/** Who decides this round, of those who play on. */
function choosers({ seats, settings, host }: PlayView, { mode, turn, eligible }: PlayRound): PlaySeat[] {
  return seats
    .filter((seat) => !gone(seat) && (settings.pace === 'mail' || seat.conn !== 'off'))
    .filter(({ user: { id } }) => {
      if (mode === 'host') return id === host;
      return mode === 'rotate' ? id === turn : eligible.includes(id);
    });
}

function meant(view: PlayView, round: PlayRound, seat: PlaySeat, { who }: PlayOption): boolean {
  if (!who) return true;
  if (who === 'turn') return seat.user.id === round.turn;
  return who === 'host' ? seat.user.id === view.host : who === `role:${seat.role}`;
}

/** Works out what the viewer may do now, by the rules that the server goes by. */
function withChances(view: PlayView, me: string): PlayView {
  const { round } = view;
  if (view.status !== 'playing' || round === null || view.me.seat === null) {
    return { ...view, me: { ...view.me, canChoose: [], canSuggest: false } };
  }
  const list = choosers(view, round);
  const mine = list.find(({ user }) => user.id === me);
  const offered = round.options.filter(({ id }) => round.tied.length === 0 || round.tied.includes(id));
  const open = offered.filter(
    (option) =>
      mine && (meant(view, round, mine, option) || !list.some((seat) => meant(view, round, seat, option))),
  );
  const canChoose = open.map(({ id }) => id);
  return { ...view, me: { ...view.me, canChoose, canSuggest: canChoose.length === 0 } };
}

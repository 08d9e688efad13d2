import type {
  PartyDecision,
  PlayHow,
  PlayMode,
  PlaySeat,
  PlaySettings,
  PlayView,
  User,
} from '@storywire/client';

/** A code as the server makes them: six signs that are not taken for one another. */
const CODE = /^[A-HJ-NP-Z2-9]{6}$/;

/** What somebody typed or pasted, as a code; null while it is none. A whole link has its code at the end. */
export function codeOf(text: string): string | null {
  const end = text.trim().split('/').at(-1) ?? '';
  const code = end.replace(/[\s-]/g, '').toUpperCase();
  return CODE.test(code) ? code : null;
}

export const partyPath = (idOrCode: string): string => `/party/${encodeURIComponent(idOrCode)}`;

export const MODES: readonly { mode: PlayMode; name: string; rule: string }[] = [
  { mode: 'majority', name: 'Vote', rule: 'Everybody votes. More than half decides.' },
  { mode: 'unanimous', name: 'Agree', rule: 'The story goes on when all want the same.' },
  { mode: 'rotate', name: 'Take turns', rule: 'One after the other decides.' },
  { mode: 'host', name: 'The host decides', rule: 'The others say what they would do.' },
  { mode: 'first', name: 'Whoever is first', rule: 'The first choice counts.' },
];

const modeOf = (mode: PlayMode) => MODES.find((one) => one.mode === mode);

/** How long there is for each choice; null where there is no limit. */
export function timeWords(seconds: number): string | null {
  if (seconds === 0) return null;
  const [count, unit] =
    seconds % 86_400 === 0
      ? [seconds / 86_400, 'day']
      : seconds % 3_600 === 0
        ? [seconds / 3_600, 'hour']
        : seconds % 60 === 0
          ? [seconds / 60, 'minute']
          : [seconds, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** The rules of a party in a line. */
export function rulesOf({ mode, timerSec, pace, votes }: PlaySettings): string[] {
  const time = timeWords(timerSec);
  const voting = mode === 'majority' || mode === 'unanimous';
  return [
    modeOf(mode)?.rule ?? '',
    time ? `${time} for each choice.` : 'No time limit.',
    ...(voting && votes === 'hidden' ? ['Votes stay secret until the end.'] : []),
    ...(pace === 'mail' ? ['Nobody needs to be there at the same time.'] : []),
  ];
}

export const seatsOf = ({ seats }: PlayView): PlaySeat[] =>
  seats.filter(({ conn }) => conn !== 'left' && conn !== 'kicked');

export const userOf = ({ seats }: PlayView, id: string): User | undefined =>
  seats.find(({ user }) => user.id === id)?.user;

const first = (name: string): string => name.split(' ')[0] ?? name;

/** Names of a few people; more of them are counted. */
export function people(users: readonly User[]): string {
  const names = users.map(({ display_name }) => first(display_name));
  if (names.length <= 1) return names[0] ?? '';
  if (names.length === 2) return `${names[0]} and ${names[1]}`;
  if (names.length === 3) return `${names[0]}, ${names[1]} and ${names[2]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} more`;
}

/** Who is still to choose, of those who can and are there. */
export function awaited({ round, votes, settings, ...view }: PlayView): User[] {
  if (round === null) return [];
  return view.seats
    .filter(({ conn }) => conn === 'on' || (settings.pace === 'mail' && conn !== 'left' && conn !== 'kicked'))
    .filter(({ user }) => round.eligible.includes(user.id) && !votes.voted.includes(user.id))
    .map(({ user }) => user);
}

/** Whose choice it is, in words. */
export function turnWords(view: PlayView, me: string): string {
  const { round, host } = view;
  if (round === null) return '';
  if (round.tied.length > 0) {
    const which = round.tied.length === 2 ? 'these two' : 'these';
    return `The vote is tied: once more, between ${which}.`;
  }
  switch (round.mode) {
    case 'first':
      return view.settings.maxPlayers === 1 ? 'What do you do?' : 'Whoever chooses first decides.';
    case 'host':
      return host === me
        ? 'You decide.'
        : `${first(userOf(view, host)?.display_name ?? 'The host')} decides. Say what you would do.`;
    case 'rotate':
      return turnOf(view, round.turn, me);
    case 'unanimous':
      return 'Agree on one.';
    default:
      return 'Vote. More than half decides.';
  }
}

function turnOf(view: PlayView, turn: string | null, me: string): string {
  if (turn === me) return 'It is your turn.';
  const name = turn === null ? undefined : userOf(view, turn)?.display_name;
  return name ? `It is ${first(name)}'s turn. Say what you would do.` : 'The turn goes round.';
}

const HOW: Record<PlayHow, string> = {
  chosen: 'chosen',
  host: 'the host decided',
  majority: 'by majority',
  most: 'by most votes',
  agreed: 'all agreed',
  random: 'chance decided',
  auto: 'the only way',
};

/** How the last round ended, in words; empty where it goes without saying. */
export function decisionWords({ label, how }: PartyDecision): string {
  if (how === 'auto' || label === '') return '';
  return how === 'chosen' ? label : `${label} – ${HOW[how]}`;
}

/** Why nothing is played now. */
export function pauseWords({ reason }: PlayView): string {
  if (reason === 'empty') return 'Everybody was away. The story goes on with the first who is back.';
  if (reason === 'loop')
    return 'The story goes in a circle here. Go back to an earlier passage, or end the party.';
  return 'Paused. The story waits.';
}

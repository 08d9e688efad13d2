// Generated from internal/wire by `go generate ./internal/wire`. Do not edit.

/** The answer to an event. */
export type Ack<T> = Success<T> | Failure;

export interface Success<T> {
  ok: true;
  data: T;
  duplicate?: true;
}

/** One page of a list, newest first. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** Bytes: what is sent is a Uint8Array; what comes is an ArrayBuffer in browsers and a Buffer in Node. */
export type Binary = Uint8Array | ArrayBuffer;

export type Role = 'none' | 'viewer' | 'commenter' | 'player' | 'editor' | 'author' | 'moderator' | 'admin';

export type PlayMode = 'first' | 'host' | 'majority' | 'unanimous' | 'rotate';

export type PlayStatus = 'lobby' | 'playing' | 'paused' | 'ended';

/** Why a party is paused (host, empty, loop) or has ended (story, host, expired); empty: neither. */
export type PlayReason = '' | 'host' | 'empty' | 'loop' | 'story' | 'expired';

/** What decided a round. */
export type PlayHow = 'chosen' | 'host' | 'majority' | 'most' | 'agreed' | 'random' | 'auto';

export type PlayEventType =
  | 'created'
  | 'joined'
  | 'left'
  | 'kicked'
  | 'ready'
  | 'settings'
  | 'started'
  | 'round'
  | 'private'
  | 'voted'
  | 'suggested'
  | 'revote'
  | 'rearmed'
  | 'turn'
  | 'eligible'
  | 'resolved'
  | 'conn'
  | 'host_changed'
  | 'paused'
  | 'resumed'
  | 'proposed'
  | 'agreed'
  | 'declined'
  | 'rewound'
  | 'script_error'
  | 'ended'
  | 'rematch'
  | 'hidden';

export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'TOKEN_EXPIRED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'NOT_JOINED'
  | 'VALIDATION'
  | 'CONFLICT'
  | 'ROOM_FULL'
  | 'RATE_LIMITED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNAVAILABLE'
  | 'INTERNAL'
  | 'STALE_ROUND'
  | 'NOT_ELIGIBLE'
  | 'BAD_OPTION'
  | 'NOT_HOST'
  | 'FULL'
  | 'LOCKED'
  | 'KICKED'
  | 'BAD_CODE'
  | 'WRONG_STATE'
  | 'MALFORMED_UPDATE'
  | 'GAP'
  | 'SCHEMA'
  | 'CLIENT_ID'
  | 'FUTURE_DELETE'
  | 'DOC_TOO_LARGE';

/** What a client sends: the payload and the data of a successful answer. */
export interface ClientEvents {
  'story:join': { in: StoryJoin; data: StoryJoined };
  'story:leave': { in: StoryLeave; data: StoryLeft };
  'comment:new': { in: CommentNew; data: Comment };
  'comment:list': { in: CommentList; data: CommentPage };
  'comment:typing': { in: CommentTyping; data: CommentTyping };
  'presence:subscribe': { in: PresenceSubscribe; data: PresenceUsers };
  'presence:unsubscribe': { in: PresenceUnsubscribe; data: PresenceUnsubscribed };
  'presence:update': { in: PresenceUpdate; data: PresenceUpdated };
  'presence:get': { in: PresenceGet; data: PresenceStatuses };
  'notification:list': { in: NotificationList; data: NotificationPage };
  'notification:read': { in: NotificationRead; data: NotificationReadDone };
  'play:create': { in: PlayCreate; data: PlayState };
  'play:join': { in: PlayJoin; data: PlayState };
  'play:leave': { in: PlayCommand; data: PlayDone };
  'play:ready': { in: PlayReady; data: PlayDone };
  'play:settings': { in: PlayConfigure; data: PlayDone };
  'play:start': { in: PlayCommand; data: PlayDone };
  'play:choose': { in: PlayChoose; data: PlayDone };
  'play:suggest': { in: PlayChoose; data: PlayDone };
  'play:pause': { in: PlayCommand; data: PlayDone };
  'play:resume': { in: PlayCommand; data: PlayDone };
  'play:kick': { in: PlayUser; data: PlayDone };
  'play:host': { in: PlayUser; data: PlayDone };
  'play:end': { in: PlayCommand; data: PlayDone };
  'play:rematch': { in: PlayCommand; data: PlayDone };
  'play:rewind': { in: PlayRewind; data: PlayDone };
  'play:agree': { in: PlayAgree; data: PlayDone };
  'play:invite': { in: PlayInvite; data: PlayInvited };
  'play:chat': { in: PlayChatSend; data: PlayChat };
  'play:typing': { in: PlayTyping; data: PlayTyping };
  'play:sync': { in: PlaySync; data: PlaySynced };
  'play:close': { in: PlayClose; data: PlayClosed };
  'auth:refresh': { in: AuthRefresh; data: AuthRefreshed };
  'sync:since': { in: SyncSince; data: SyncPage };
  'edit:open': { in: EditOpen; data: EditOpened };
  'edit:update': { in: EditPush; data: EditPushed };
  'edit:sync': { in: EditSync; data: EditSynced };
  'edit:awareness': { in: EditAwareness; data: EditAwarenessTaken };
  'edit:close': { in: EditClose; data: EditClosed };
  'edit:comment:add': { in: EditCommentAdd; data: EditComment };
  'edit:comment:reply': { in: EditCommentReply; data: EditComment };
  'edit:comment:resolve': { in: EditCommentResolve; data: EditComment };
}

/** What the server sends. */
export interface ServerEvents {
  'session:ready': SessionReady;
  'session:closing': SessionClosing;
  'auth:expiring': AuthExpiring;
  'sync:gap': SyncGap;
  exception: Exception;
  'story:joined': StoryJoined;
  'story:left': StoryLeft;
  'comment:created': Comment;
  'comment:typing': Typing;
  'notification:new': NotificationNew;
  'notification:updated': NotificationUpdated;
  'presence:users': PresenceUsers;
  'presence:diff': PresenceDiff;
  'play:event': PlayEvent;
  'play:chat': PlayChat;
  'play:typing': PlayTypingNews;
  'play:audience': PlayAudience;
  'play:presence': PlayPresence;
  'play:gap': PlayGap;
  'user:online': UserOnline;
  'user:offline': UserOffline;
  'edit:update': EditUpdate;
  'edit:awareness': EditAwareness;
  'edit:role': EditRole;
  'edit:reset': EditReset;
  'edit:closed': EditClosed;
  'edit:comment': EditComment;
  'edit:published': EditPublished;
  'user:status': UserAvailability;
  'presence:count': StoryCount;
}

export interface StoryJoin {
  storyId: string;
}

export interface StoryJoined {
  storyId: string;
  role: Role;
  epoch: string;
  seq: number;
  online: number;
  typing: string[];
}

export interface StoryLeave {
  storyId: string;
}

export interface StoryLeft {
  storyId: string;
  reason: 'left' | 'revoked';
}

export interface CommentNew {
  storyId: string;
  content: string;
  parentId?: string;
  cid?: string;
}

export interface Comment {
  id: string;
  storyId: string;
  seq: number;
  epoch: string;
  parentId: string | null;
  content: string;
  user: User;
  createdAt: string;
  cid?: string;
}

export interface CommentList {
  storyId: string;
  cursor?: string;
  limit?: number;
}

export interface CommentPage {
  items: Comment[];
  nextCursor: string | null;
  epoch: string;
  seq: number;
}

export interface CommentTyping {
  storyId: string;
  isTyping: boolean;
}

export interface PresenceSubscribe {
  storyId?: string;
  userIds?: string[];
  mode?: 'full' | 'ids' | 'count';
}

export interface PresenceUsers {
  users: string[];
  storyId?: string;
  members?: PresenceUser[];
  count: number;
  seq: number;
}

export interface PresenceUnsubscribe {
  storyId?: string;
}

export interface PresenceUnsubscribed {
  storyId?: string;
}

export interface PresenceUpdate {
  status?: 'online' | 'away' | 'dnd';
  activity?: Activity | null;
  state?: Record<string, unknown>;
  invisible?: boolean | null;
}

export interface PresenceUpdated {
}

export interface PresenceGet {
  userIds: string[];
}

export interface PresenceStatuses {
  items: Record<string, UserStatus>;
}

export interface NotificationList {
  cursor?: string;
  limit?: number;
  unread?: boolean;
}

export interface NotificationPage {
  items: Notification[];
  nextCursor: string | null;
  counts: Counts;
}

export interface NotificationRead {
  ids?: string[];
  all?: boolean;
}

export interface NotificationReadDone {
  changed: string[];
  counts: Counts;
}

export interface PlayCreate {
  storyId: string;
  releaseId?: string;
  settings: PlaySettingsChange;
  cmdId: string;
}

export interface PlayState {
  sessionId: string;
  seq: number;
  v: number;
  view: PlayView;
  serverNow: string;
}

export interface PlayJoin {
  sessionId?: string;
  code?: string;
  as?: 'player' | 'spectator';
  cmdId: string;
}

export interface PlayCommand {
  sessionId: string;
  force?: boolean;
  cmdId: string;
}

export interface PlayDone {
  sessionId: string;
  seq: number;
  round: number;
  rematch?: string;
}

export interface PlayReady {
  sessionId: string;
  ready?: boolean;
  role?: string;
  cmdId: string;
}

export interface PlayConfigure {
  sessionId: string;
  settings: PlaySettingsChange;
  cmdId: string;
}

export interface PlayChoose {
  sessionId: string;
  round: number;
  option: string;
  cmdId: string;
}

export interface PlayUser {
  sessionId: string;
  userId: string;
  cmdId: string;
}

export interface PlayRewind {
  sessionId: string;
  toRound: number;
  cmdId: string;
}

export interface PlayAgree {
  sessionId: string;
  agree: boolean;
  cmdId: string;
}

export interface PlayInvite {
  sessionId: string;
  userIds: string[];
}

export interface PlayInvited {
  invited: string[];
}

export interface PlayChatSend {
  sessionId: string;
  text: string;
  cmdId: string;
}

export interface PlayChat {
  sessionId: string;
  id: number;
  user: User;
  text: string;
  at: string;
  cmdId?: string;
}

export interface PlayTyping {
  sessionId: string;
  isTyping: boolean;
}

export interface PlaySync {
  sessionId: string;
  sinceSeq: number;
}

export interface PlaySynced {
  events: PlayEvent[];
  state: PlayState | null;
}

export interface PlayClose {
  sessionId: string;
}

export interface PlayClosed {
}

export interface AuthRefresh {
  token: string;
}

export interface AuthRefreshed {
  expiresAt: string;
}

export interface SyncSince {
  room: string;
  epoch: string;
  seq: number;
  limit?: number;
}

export interface SyncPage {
  events: SyncEvent[];
  epoch: string;
  seq: number;
  complete: boolean;
}

export interface EditOpen {
  storyId: string;
  proto: number;
  clientId: number;
  sv: Binary;
}

export interface EditOpened {
  storyId: string;
  role: Role;
  seq: number;
  sv: Binary;
  u: Binary | null;
  url?: string;
  aw: Binary;
  peers: EditPeer[];
  limits: EditLimits;
}

export interface EditPush {
  storyId: string;
  u: Binary;
  n: number;
}

export interface EditPushed {
  n: number;
  seq: number;
}

export interface EditSync {
  storyId: string;
  sv: Binary;
}

export interface EditSynced {
  storyId: string;
  role: Role;
  seq: number;
  sv: Binary;
  u: Binary | null;
  url?: string;
}

export interface EditAwareness {
  storyId: string;
  aw: Binary;
}

export interface EditAwarenessTaken {
  storyId: string;
}

export interface EditClose {
  storyId: string;
}

export interface EditClosed {
  storyId: string;
  reason: 'left' | 'revoked' | 'unavailable';
}

export interface EditCommentAdd {
  storyId: string;
  cmdId?: string;
  passageId: string;
  anchor?: EditAnchor | null;
  text: string;
}

export interface EditComment {
  id: string;
  storyId: string;
  passageId: string;
  parentId: string | null;
  anchor: EditAnchor | null;
  text: string;
  user: User;
  createdAt: string;
  resolvedAt: string | null;
  resolvedBy: User | null;
}

export interface EditCommentReply {
  storyId: string;
  cmdId?: string;
  parentId: string;
  text: string;
}

export interface EditCommentResolve {
  storyId: string;
  commentId: string;
  resolved: boolean;
}

export interface SessionReady {
  connectionId: string;
  user: User;
  recovered: boolean;
  position: Position;
  serverTime: string;
  tokenExpiresAt: string;
  rooms: RoomState[];
  unread: Unread;
}

export interface SessionClosing {
  reason: 'token' | 'abuse' | 'drain';
}

export interface AuthExpiring {
  expiresAt: string;
}

export interface SyncGap {
  room: string;
  epoch: string;
  from: number;
  to: number;
  reason: 'expired' | 'overflow';
}

export interface Exception {
  status: 'error';
  code: ErrorCode;
  message: string;
  cause: ExceptionCause;
  retryAfterMs?: number;
}

export interface Typing {
  storyId: string;
  userId: string;
  isTyping: boolean;
  user: User;
}

export interface NotificationNew {
  id: string;
  user_id: string;
  userId: string;
  type: string;
  title: string;
  body: string;
  link: string | null;
  actor: User | null;
  data: unknown;
  createdAt: string;
  readAt: string | null;
  counts: Counts;
}

export interface NotificationUpdated {
  ids?: string[];
  all?: boolean;
  patch: NotificationPatch;
  counts: Counts;
}

export interface PresenceDiff {
  storyId: string;
  joins: PresenceUser[];
  leaves: PresenceLeave[];
  updates: PresenceUser[];
  count: number;
  seq: number;
}

export interface PlayEvent {
  sessionId: string;
  seq: number;
  v: number;
  round: number;
  type: PlayEventType;
  actor: User | null;
  payload: PlayPayload;
  serverNow: string;
}

export interface PlayTypingNews {
  sessionId: string;
  user: User;
  isTyping: boolean;
  expiresInMs: number;
}

export interface PlayAudience {
  sessionId: string;
  round: number;
  counts: Record<string, number>;
}

export interface PlayPresence {
  sessionId: string;
  watching: number;
}

export interface PlayGap {
  sessionId: string;
}

export interface UserOnline {
  userId: string;
  since: string;
}

export interface UserOffline {
  userId: string;
  lastSeenAt: string;
}

export interface EditUpdate {
  storyId: string;
  u: Binary;
  seq: number;
  from: number;
}

export interface EditRole {
  storyId: string;
  role: Role;
}

export interface EditReset {
  storyId: string;
  reason: ErrorCode;
}

export interface EditPublished {
  storyId: string;
  release: EditRelease;
}

export interface UserAvailability {
  userId: string;
  status: 'online' | 'away' | 'dnd';
  lastSeenAt: string;
}

export interface StoryCount {
  storyId: string;
  online: number;
  readers: number;
  players: number;
  editors: number;
}

export interface Story {
  id: string;
  title: string;
  synopsis: string;
  body: string;
  cover_color: string;
  author: User;
  visibility: 'public' | 'private';
  role: Role;
  commentCount: number;
  readers: number;
  release: number;
  createdAt: string;
}

export interface StoryCreate {
  title: string;
  synopsis?: string;
  body?: string;
  visibility?: 'public' | 'private';
}

export interface Release {
  id: string;
  storyId: string;
  no: number;
  passages: number;
  endings: number;
  roles: string[];
  publishedAt: string;
}

export interface StoryImported {
  story: Story | null;
  release: Release | null;
  problems: DocProblem[];
}

export interface PlaySummary {
  sessionId: string;
  storyId: string;
  title: string;
  code: string;
  status: PlayStatus;
  reason: PlayReason;
  round: number;
  passage: string;
  host: User;
  players: User[];
  role: 'player' | 'spectator';
  yourTurn: boolean;
  updatedAt: string;
}

export interface PlayMap {
  start: string;
  passages: PlayMapPassage[];
}

export interface PlayLogEntry {
  seq: number;
  round: number;
  type: PlayEventType;
  actor: User | null;
  at: string;
  passageId?: string;
  option?: string;
  how?: PlayHow;
  reason?: PlayReason;
  message?: string;
}

export interface Member {
  user: User;
  role: Role;
}

export interface MemberPut {
  role: Role;
}

export interface CommentCreate {
  content: string;
  parentId?: string;
}

export interface TypingPost {
  isTyping: boolean;
}

export interface PresenceList {
  items: PresenceUser[];
  count: number;
}

export interface NotificationSend {
  user_id?: string;
  user_ids?: string[];
  title: string;
  body?: string;
  type?: string;
  link?: string;
  data?: unknown;
}

export interface News {
  events: NewsEvent[];
  offset: string;
  gaps: SyncGap[];
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  retryAfterMs?: number;
}

export interface ConnectErrorData {
  code: ErrorCode;
  retryAfterMs?: number;
}

export interface Failure {
  ok: false;
  error: Refusal;
}

export interface Character {
  id: string;
  display_name: string;
  color: string;
}

export interface SignIn {
  characterId?: string;
  name?: string;
}

export interface SignedIn {
  token: string;
  user: User;
  expiresAt: string;
}

export interface EditCommentList {
  items: EditComment[];
}

export interface DocContent {
  storyId: string;
  seq: number;
  title: string;
  lang: string;
  start: string;
  passages: DocPassage[];
  vars: DocVar[];
}

export interface DocPushed {
  seq: number;
}

export interface DocVersionList {
  items: DocVersion[];
}

export interface DocVersionCreate {
  label: string;
}

export interface DocDiff {
  version: DocVersion;
  passages: DocPassageDiff[];
  fields: string[];
}

export interface DocAuthors {
  runs: DocAuthorRun[];
}

export interface DocPublish {
  minSeq?: number;
}

export interface DocPublished {
  release: EditRelease | null;
  problems: DocProblem[];
}

export interface DocPreviewAsk {
  from: string;
  vars?: Record<string, boolean | number | string>;
  role?: string;
  choices?: DocPreviewChoice[];
  minSeq?: number;
}

export interface DocPreview {
  seq: number;
  passageId: string;
  name: string;
  text: DocPreviewPiece[];
  options: DocPreviewOption[];
  vars: DocPreviewVar[];
  roles: string[];
  role: string;
  path: DocPreviewStep[];
  taken: number;
  ended: boolean;
  loops: boolean;
  notes: string[];
  problems: DocProblem[];
}

export interface DocImported {
  seq: number;
  problems: DocProblem[];
}

export interface InvitationCreate {
  role: Role;
  userId?: string;
}

export interface InvitationList {
  items: Invitation[];
}

export interface User {
  id: string;
  display_name: string;
  avatar_url: string | null;
}

export interface PresenceUser {
  userId: string;
  user: User;
  since: string;
  status: 'online' | 'away' | 'dnd';
  activity?: Activity | null;
  state?: Record<string, unknown>;
}

export interface Activity {
  kind: 'reading' | 'playing' | 'editing' | 'commenting';
  storyId?: string;
  passageId?: string;
}

export interface UserStatus {
  status: 'online' | 'away' | 'dnd' | 'offline';
  lastSeenAt: string | null;
}

export interface Notification {
  id: string;
  user_id: string;
  userId: string;
  type: string;
  title: string;
  body: string;
  link: string | null;
  actor: User | null;
  data: unknown;
  createdAt: string;
  readAt: string | null;
}

export interface Counts {
  unread: number;
  rev: number;
}

export interface PlaySettingsChange {
  mode?: PlayMode;
  pace?: 'live' | 'mail';
  timerSec?: number;
  votes?: 'open' | 'counts' | 'hidden';
  tie?: 'revote' | 'host' | 'random';
  lateJoin?: 'seat' | 'spectator' | 'deny';
  audience?: 'off' | 'advice' | 'oneSeat';
  minPlayers?: number;
  maxPlayers?: number;
  maxWatchers?: number;
  locked?: boolean;
  stickyHost?: boolean;
}

export interface PlayView {
  sessionId: string;
  code: string;
  storyId: string;
  releaseId: string;
  title: string;
  roles: string[];
  status: PlayStatus;
  reason: PlayReason;
  host: string;
  seats: PlaySeat[];
  watching: number;
  settings: PlaySettings;
  round: PlayRound | null;
  votes: PlayVotes;
  suggestions: Record<string, string>;
  path: PlayStep[];
  proposal: PlayProposal | null;
  rematch: string | null;
  me: PlayMe;
  createdAt: string;
}

export interface SyncEvent {
  event: string;
  data: unknown;
  seq: number;
}

export interface EditPeer {
  clientId: number;
  user: User;
  color: string;
}

export interface EditLimits {
  update: number;
  upload: number;
  body: number;
  passages: number;
  units: number;
  state: number;
  name: number;
  tags: number;
  tag: number;
  vars: number;
  openDocs: number;
  awareness: number;
  unanswered: number;
  coalesceMs: number;
  awarenessSec: number;
}

export interface EditAnchor {
  start: string;
  end: string;
  quote: string;
}

export interface Position {
  epoch: string;
  seq: number;
}

export interface RoomState {
  storyId: string;
  role: Role;
  epoch: string;
  seq: number;
}

export interface Unread {
  notifications: Counts;
}

export interface ExceptionCause {
  pattern: string;
  data: unknown;
}

export interface NotificationPatch {
  readAt: string;
}

export interface PresenceLeave {
  userId: string;
  lastSeenAt: string;
}

export interface PlayPayload {
  seat?: PlaySeat;
  userId?: string;
  option?: string;
  label?: string;
  how?: PlayHow;
  votes?: PlayVotes;
  tied?: string[];
  round?: PlayRound;
  vars?: Record<string, string | number | boolean>;
  settings?: PlaySettings;
  reason?: PlayReason;
  message?: string;
  deadlineInMs?: number;
  eligible?: string[];
  proposal?: PlayProposal;
  path?: PlayStep[];
  rematch?: string;
}

export interface EditRelease {
  id: string;
  no: number;
  seq: number;
  publishedBy: User;
  publishedAt: string;
}

export interface DocProblem {
  severity: 'error' | 'warning';
  code: string;
  passageId?: string;
  passage?: string;
  file?: string;
  line?: number;
  message: string;
}

export interface PlayMapPassage {
  id: string;
  name: string;
  ends: boolean;
  visited: number;
  to: string[];
}

export interface NewsEvent {
  room: string;
  event: string;
  data: unknown;
  offset: string;
}

export interface Refusal {
  code: ErrorCode;
  message: string;
  retryAfterMs?: number;
}

export interface DocPassage {
  id: string;
  name: string;
  body: string;
  tags: string[];
  pos: number[];
  size: number[];
  trashedAt: string | null;
}

export interface DocVar {
  name: string;
  type: 'bool' | 'int' | 'string';
  init: unknown;
  scope: 'shared' | 'private';
  doc: string;
}

export interface DocVersion {
  id: string;
  seq: number;
  kind: 'auto' | 'named' | 'publish' | 'restore' | 'import';
  label: string;
  createdBy: User | null;
  createdAt: string;
}

export interface DocPassageDiff {
  id: string;
  change: 'added' | 'removed' | 'changed';
  now: DocPassage | null;
  then: DocPassage | null;
  text: DocTextRun[];
}

export interface DocAuthorRun {
  user: User | null;
  text: string;
}

export interface DocPreviewChoice {
  option: string;
  to: string;
}

export interface DocPreviewPiece {
  text: string;
  mistake: DocProblem | null;
}

export interface DocPreviewOption {
  id: string;
  label: string;
  to: string;
  who?: string;
}

export interface DocPreviewVar {
  name: string;
  type: 'bool' | 'int' | 'string';
  scope: 'shared' | 'private';
  init: boolean | number | string;
  value: boolean | number | string;
}

export interface DocPreviewStep {
  passageId: string;
  name: string;
  label: string;
}

export interface Invitation {
  code: string;
  storyId: string;
  title: string;
  role: Role;
  user: User | null;
  invitedBy: User;
  expiresAt: string;
}

export interface PlaySeat {
  no: number;
  user: User;
  ready: boolean;
  role: string;
  conn: 'on' | 'grace' | 'off' | 'left' | 'kicked';
}

export interface PlaySettings {
  mode: PlayMode;
  pace: 'live' | 'mail';
  timerSec: number;
  votes: 'open' | 'counts' | 'hidden';
  tie: 'revote' | 'host' | 'random';
  lateJoin: 'seat' | 'spectator' | 'deny';
  audience: 'off' | 'advice' | 'oneSeat';
  minPlayers: number;
  maxPlayers: number;
  maxWatchers: number;
  locked: boolean;
  stickyHost: boolean;
}

export interface PlayRound {
  round: number;
  passageId: string;
  name: string;
  tags: string[];
  text: string;
  options: PlayOption[];
  mode: PlayMode;
  eligible: string[];
  turn: string | null;
  deadlineInMs: number | null;
  timerMs: number | null;
  tied: string[];
}

export interface PlayVotes {
  voted: string[];
  counts: Record<string, number> | null;
  by: Record<string, string> | null;
}

export interface PlayStep {
  round: number;
  passageId: string;
  name: string;
  label: string;
}

export interface PlayProposal {
  toRound: number;
  by: string;
  agreed: string[];
}

export interface PlayMe {
  seat: number | null;
  spectator: boolean;
  role: string;
  canChoose: string[];
  canSuggest: boolean;
  vote: string | null;
  vars: Record<string, string | number | boolean>;
}

export interface DocTextRun {
  op: '=' | '-' | '+';
  text: string;
}

export interface PlayOption {
  id: string;
  label: string;
  who?: string;
}

/** How a party plays unless its host says otherwise. */
export const PLAY_DEFAULTS: PlaySettings = {
  mode: 'majority',
  pace: 'live',
  timerSec: 60,
  votes: 'open',
  tie: 'revote',
  lateJoin: 'seat',
  audience: 'off',
  minPlayers: 1,
  maxPlayers: 8,
  maxWatchers: 100,
  locked: false,
  stickyHost: false,
};

/** What a party may grow to. */
export const PLAY_LIMITS = {
  /** Players. */
  seats: 16,
  /** Characters of one message. */
  message: 500,
  /** Steps of its way that it remembers. */
  path: 500,
} as const;

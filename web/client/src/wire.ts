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

export type Role = 'none' | 'viewer' | 'commenter' | 'player' | 'editor' | 'author' | 'moderator' | 'admin';

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
  | 'INTERNAL';

/** What a client sends: the payload and the data of a successful answer. */
export interface ClientEvents {
  'story:join': { in: StoryJoin; data: StoryJoined };
  'story:leave': { in: StoryLeave; data: StoryLeft };
  'comment:new': { in: CommentNew; data: Comment };
  'comment:list': { in: CommentList; data: CommentPage };
  'comment:typing': { in: CommentTyping; data: CommentTyping };
  'presence:subscribe': { in: PresenceSubscribe; data: PresenceUsers };
  'presence:unsubscribe': { in: PresenceUnsubscribe; data: PresenceUnsubscribed };
  'notification:list': { in: NotificationList; data: NotificationPage };
  'notification:read': { in: NotificationRead; data: NotificationReadDone };
  'auth:refresh': { in: AuthRefresh; data: AuthRefreshed };
}

/** What the server sends. */
export interface ServerEvents {
  'session:ready': SessionReady;
  'session:closing': SessionClosing;
  'auth:expiring': AuthExpiring;
  exception: Exception;
  'story:joined': StoryJoined;
  'story:left': StoryLeft;
  'comment:created': Comment;
  'comment:typing': Typing;
  'notification:new': NotificationNew;
  'notification:updated': NotificationUpdated;
  'presence:users': PresenceUsers;
  'presence:diff': PresenceDiff;
  'user:online': UserOnline;
  'user:offline': UserOffline;
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

export interface AuthRefresh {
  token: string;
}

export interface AuthRefreshed {
  expiresAt: string;
}

export interface SessionReady {
  connectionId: string;
  user: User;
  recovered: boolean;
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
  count: number;
  seq: number;
}

export interface UserOnline {
  userId: string;
  since: string;
}

export interface UserOffline {
  userId: string;
  lastSeenAt: string;
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
  createdAt: string;
}

export interface StoryCreate {
  title: string;
  synopsis?: string;
  body?: string;
  visibility?: 'public' | 'private';
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

export interface PresenceStatuses {
  items: Record<string, UserStatus>;
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

export interface User {
  id: string;
  display_name: string;
  avatar_url: string | null;
}

export interface PresenceUser {
  userId: string;
  user: User;
  since: string;
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

export interface UserStatus {
  status: 'online' | 'offline';
  lastSeenAt: string | null;
}

export interface Refusal {
  code: ErrorCode;
  message: string;
  retryAfterMs?: number;
}

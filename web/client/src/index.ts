export type { CommentRow, Comments, CommentsState } from './comments.js';
export type { ConnectionState, ConnectionStatus, Session } from './connection.js';
export { type ClientErrorCode, StorywireError } from './errors.js';
export { newNonce } from './nonce.js';
export type { InboxState, Notifications } from './notifications.js';
export type { Parties } from './parties.js';
export type { As, PartyDeadline, PartyDecision, PartyState, StoryParty } from './party.js';
export type { ChatRow, ChatState, PartyChat } from './partyChat.js';
export type { Readers } from './presence.js';
export { demoCharacters, demoSignIn, type Rest } from './rest.js';
export type { RoomState } from './room.js';
export { type Readable, Value } from './store.js';
export { createStorywire, type StoryChannel, type Storywire, type StorywireOptions } from './storywire.js';
export type { TokenSource, Transport } from './transport.js';
export type { Typing } from './typing.js';
export type {
  Character,
  Comment,
  DocContent,
  DocDiff,
  DocImported,
  DocPassage,
  DocPassageDiff,
  DocPreview,
  DocPreviewAsk,
  DocPreviewChoice,
  DocPreviewPiece,
  DocPreviewVar,
  DocProblem,
  DocPublished,
  DocTextRun,
  DocVersion,
  EditAnchor,
  EditComment,
  ErrorCode,
  Invitation,
  Member,
  Notification,
  Page,
  PlayHow,
  PlayMap,
  PlayMapPassage,
  PlayMode,
  PlayOption,
  PlayRound,
  PlaySeat,
  PlaySettings,
  PlaySettingsChange,
  PlayStep,
  PlaySummary,
  PlayView,
  PresenceUser,
  Role,
  SignedIn,
  SignIn,
  Story,
  StoryCreate,
  StoryImported,
  User,
} from './wire.js';
export { PLAY_DEFAULTS, PLAY_LIMITS } from './wire.js';

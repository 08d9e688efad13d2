package wire

// Events that a client sends. Each carries one object and may ask for an [Ack].
const (
	StoryJoinEvent           = "story:join"
	StoryLeaveEvent          = "story:leave"
	CommentNewEvent          = "comment:new"
	CommentListEvent         = "comment:list"
	CommentTypingEvent       = "comment:typing" // also sent by the server
	PresenceSubscribeEvent   = "presence:subscribe"
	PresenceUnsubscribeEvent = "presence:unsubscribe"
	PresenceUpdateEvent      = "presence:update"
	PresenceGetEvent         = "presence:get"
	NotificationListEvent    = "notification:list"
	NotificationReadEvent    = "notification:read"
	AuthRefreshEvent         = "auth:refresh"
	SyncSinceEvent           = "sync:since"
	EditOpenEvent            = "edit:open"
	EditUpdateEvent          = "edit:update" // also sent by the server
	EditSyncEvent            = "edit:sync"
	EditAwarenessEvent       = "edit:awareness" // also sent by the server
	EditCloseEvent           = "edit:close"
	EditCommentAddEvent      = "edit:comment:add"
	EditCommentReplyEvent    = "edit:comment:reply"
	EditCommentResolveEvent  = "edit:comment:resolve"
)

// Events that the server sends.
const (
	SessionReadyEvent        = "session:ready" // always the first
	SessionClosingEvent      = "session:closing"
	AuthExpiringEvent        = "auth:expiring"
	SyncGapEvent             = "sync:gap"
	ExceptionEvent           = "exception"
	StoryJoinedEvent         = "story:joined"
	StoryLeftEvent           = "story:left"
	CommentCreatedEvent      = "comment:created"
	NotificationNewEvent     = "notification:new"
	NotificationUpdatedEvent = "notification:updated"
	PresenceUsersEvent       = "presence:users"
	PresenceDiffEvent        = "presence:diff"
	UserOnlineEvent          = "user:online"
	UserOfflineEvent         = "user:offline"
	EditRoleEvent            = "edit:role"
	EditResetEvent           = "edit:reset"
	EditClosedEvent          = "edit:closed"
	EditCommentEvent         = "edit:comment"
	EditPublishedEvent       = "edit:published"
	UserStatusEvent          = "user:status"
	PresenceCountEvent       = "presence:count"
)

// Events of a party that a client sends; play:chat and play:typing are also sent by the server.
const (
	PlayCreateEvent   = "play:create"
	PlayJoinEvent     = "play:join"
	PlayLeaveEvent    = "play:leave"
	PlayReadyEvent    = "play:ready"
	PlaySettingsEvent = "play:settings"
	PlayStartEvent    = "play:start"
	PlayChooseEvent   = "play:choose"
	PlaySuggestEvent  = "play:suggest"
	PlayPauseEvent    = "play:pause"
	PlayResumeEvent   = "play:resume"
	PlayKickEvent     = "play:kick"
	PlayHostEvent     = "play:host"
	PlayEndEvent      = "play:end"
	PlayRematchEvent  = "play:rematch"
	PlayRewindEvent   = "play:rewind"
	PlayAgreeEvent    = "play:agree"
	PlayInviteEvent   = "play:invite"
	PlayChatEvent     = "play:chat"
	PlayTypingEvent   = "play:typing"
	PlaySyncEvent     = "play:sync"
	PlayCloseEvent    = "play:close"
)

// Events of a party that the server sends.
const (
	PlayEventEvent    = "play:event"
	PlayAudienceEvent = "play:audience"
	PlayPresenceEvent = "play:presence"
	PlayGapEvent      = "play:gap"
)

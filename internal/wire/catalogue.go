package wire

import "reflect"

// ClientEvent describes an event that a client sends: what it carries and what
// a successful answer holds.
type ClientEvent struct {
	Name     string
	In, Data reflect.Type
}

// ServerEvent describes an event that the server sends.
type ServerEvent struct {
	Name string
	Out  reflect.Type
}

// ClientEvents returns every event that the server understands.
func ClientEvents() []ClientEvent {
	return []ClientEvent{
		client[StoryJoin, StoryJoined](StoryJoinEvent),
		client[StoryLeave, StoryLeft](StoryLeaveEvent),
		client[CommentNew, Comment](CommentNewEvent),
		client[CommentList, CommentPage](CommentListEvent),
		client[CommentTyping, CommentTyping](CommentTypingEvent),
		client[PresenceSubscribe, PresenceUsers](PresenceSubscribeEvent),
		client[PresenceUnsubscribe, PresenceUnsubscribed](PresenceUnsubscribeEvent),
		client[PresenceUpdate, PresenceUpdated](PresenceUpdateEvent),
		client[PresenceGet, PresenceStatuses](PresenceGetEvent),
		client[NotificationList, NotificationPage](NotificationListEvent),
		client[NotificationRead, NotificationReadDone](NotificationReadEvent),
		client[PlayCreate, PlayState](PlayCreateEvent),
		client[PlayJoin, PlayState](PlayJoinEvent),
		client[PlayCommand, PlayDone](PlayLeaveEvent),
		client[PlayReady, PlayDone](PlayReadyEvent),
		client[PlayConfigure, PlayDone](PlaySettingsEvent),
		client[PlayCommand, PlayDone](PlayStartEvent),
		client[PlayChoose, PlayDone](PlayChooseEvent),
		client[PlayChoose, PlayDone](PlaySuggestEvent),
		client[PlayCommand, PlayDone](PlayPauseEvent),
		client[PlayCommand, PlayDone](PlayResumeEvent),
		client[PlayUser, PlayDone](PlayKickEvent),
		client[PlayUser, PlayDone](PlayHostEvent),
		client[PlayCommand, PlayDone](PlayEndEvent),
		client[PlayCommand, PlayDone](PlayRematchEvent),
		client[PlayRewind, PlayDone](PlayRewindEvent),
		client[PlayAgree, PlayDone](PlayAgreeEvent),
		client[PlayInvite, PlayInvited](PlayInviteEvent),
		client[PlayChatSend, PlayChat](PlayChatEvent),
		client[PlayTyping, PlayTyping](PlayTypingEvent),
		client[PlaySync, PlaySynced](PlaySyncEvent),
		client[PlayClose, PlayClosed](PlayCloseEvent),
		client[AuthRefresh, AuthRefreshed](AuthRefreshEvent),
		client[SyncSince, SyncPage](SyncSinceEvent),
		client[EditOpen, EditOpened](EditOpenEvent),
		client[EditPush, EditPushed](EditUpdateEvent),
		client[EditSync, EditSynced](EditSyncEvent),
		client[EditAwareness, EditAwarenessTaken](EditAwarenessEvent),
		client[EditClose, EditClosed](EditCloseEvent),
		client[EditCommentAdd, EditComment](EditCommentAddEvent),
		client[EditCommentReply, EditComment](EditCommentReplyEvent),
		client[EditCommentResolve, EditComment](EditCommentResolveEvent),
	}
}

// ServerEvents returns every event that a client may get.
func ServerEvents() []ServerEvent {
	return []ServerEvent{
		server[SessionReady](SessionReadyEvent),
		server[SessionClosing](SessionClosingEvent),
		server[AuthExpiring](AuthExpiringEvent),
		server[SyncGap](SyncGapEvent),
		server[Exception](ExceptionEvent),
		server[StoryJoined](StoryJoinedEvent),
		server[StoryLeft](StoryLeftEvent),
		server[Comment](CommentCreatedEvent),
		server[Typing](CommentTypingEvent),
		server[NotificationNew](NotificationNewEvent),
		server[NotificationUpdated](NotificationUpdatedEvent),
		server[PresenceUsers](PresenceUsersEvent),
		server[PresenceDiff](PresenceDiffEvent),
		server[PlayEvent](PlayEventEvent),
		server[PlayChat](PlayChatEvent),
		server[PlayTypingNews](PlayTypingEvent),
		server[PlayAudience](PlayAudienceEvent),
		server[PlayPresence](PlayPresenceEvent),
		server[PlayGap](PlayGapEvent),
		server[UserOnline](UserOnlineEvent),
		server[UserOffline](UserOfflineEvent),
		server[EditUpdate](EditUpdateEvent),
		server[EditAwareness](EditAwarenessEvent),
		server[EditRole](EditRoleEvent),
		server[EditReset](EditResetEvent),
		server[EditClosed](EditClosedEvent),
		server[EditComment](EditCommentEvent),
		server[EditPublished](EditPublishedEvent),
		server[UserAvailability](UserStatusEvent),
		server[StoryCount](PresenceCountEvent),
	}
}

// RESTBodies returns the bodies of REST that no event carries.
func RESTBodies() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[Story](),
		reflect.TypeFor[StoryCreate](),
		reflect.TypeFor[Release](),
		reflect.TypeFor[StoryImported](),
		reflect.TypeFor[PlaySummary](),
		reflect.TypeFor[PlayMap](),
		reflect.TypeFor[PlayLogEntry](),
		reflect.TypeFor[Member](),
		reflect.TypeFor[MemberPut](),
		reflect.TypeFor[CommentCreate](),
		reflect.TypeFor[TypingPost](),
		reflect.TypeFor[PresenceList](),
		reflect.TypeFor[PresenceStatuses](),
		reflect.TypeFor[NotificationSend](),
		reflect.TypeFor[News](),
		reflect.TypeFor[Problem](),
		reflect.TypeFor[ConnectErrorData](),
		reflect.TypeFor[Failure](),
		reflect.TypeFor[Character](),
		reflect.TypeFor[SignIn](),
		reflect.TypeFor[SignedIn](),
		reflect.TypeFor[EditCommentList](),
		reflect.TypeFor[DocContent](),
		reflect.TypeFor[DocPushed](),
		reflect.TypeFor[DocVersionList](),
		reflect.TypeFor[DocVersionCreate](),
		reflect.TypeFor[DocDiff](),
		reflect.TypeFor[DocAuthors](),
		reflect.TypeFor[DocPublish](),
		reflect.TypeFor[DocPublished](),
		reflect.TypeFor[DocPreviewAsk](),
		reflect.TypeFor[DocPreview](),
		reflect.TypeFor[DocImported](),
		reflect.TypeFor[InvitationCreate](),
		reflect.TypeFor[InvitationList](),
	}
}

func client[In, Data any](name string) ClientEvent {
	return ClientEvent{Name: name, In: reflect.TypeFor[In](), Data: reflect.TypeFor[Data]()}
}

func server[Out any](name string) ServerEvent {
	return ServerEvent{Name: name, Out: reflect.TypeFor[Out]()}
}

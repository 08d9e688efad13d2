export { StorywireProvider, useStorywire } from './context.js';
export { type UseComments, useComments } from './useComments.js';
export { useConnection, useSession } from './useConnection.js';
export { useArrivals, useInbox, useUnread } from './useNotifications.js';
export { type UsePartyChat, useParty, usePartyChat } from './useParty.js';
export { useActivity, useOnline, useReaders } from './usePresence.js';
export { useReadable } from './useReadable.js';
export { type UseTyping, useTyping } from './useTyping.js';

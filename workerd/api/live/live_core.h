/*
 * Who follows a conversation: the core that a WebSocket of a widget, a widget's feed, and a stream of events share. It
 * is in the conversation's room, reads from the store what its client lacks, and joins replies. Each of the three renders
 * this as frames or events, and knows what its client has.
 *
 *	live_core_enter()   → turn(), typing(), … as the room's events come
 *	live_core_sync()    → page() for each page → finish()
 *	                    → none(): there is no such conversation (any more)
 *	live_core_join()    → the sink's functions, as the reply is written
 *	                    → fail(): the store does not answer
 *
 * The client of a session is followed in whichever conversation it has: each sync asks the store for that of the session.
 */
#ifndef WORKERD_API_LIVE_LIVE_CORE_H
#define WORKERD_API_LIVE_LIVE_CORE_H

#include "workerd/api/live/live_page.h"
#include "workerd/api/live/live_room.h"
#include "workerd/api/request/api_state.h"
#include "workerd/turn/turn.h"

struct live_core;

/* What becomes of a sync after a page. */
enum live_sync_next {
	LIVE_SYNC_ON, /* read the next page, or finish */
	LIVE_SYNC_AGAIN, /* the page is of another conversation: read from core->from on, which was set to its place */
	LIVE_SYNC_STOP, /* the sync was given up; the core may be freed */
};

/* The core may be freed in all of these, unless a page goes on. */
struct live_renderer {
	/* Syncs. */
	uint32_t first; /* messages of the first page, from the newest ones back */
	uint32_t later; /* of later pages */
	bool settled;   /* only those before the first reply that is being written */
	enum live_sync_next (*page)(struct live_core *core, const struct msg_message_page *page,
	    const struct msg_conversation_record *conversation);
	/* The client has the last page. */
	void (*finish)(struct live_core *core, const struct msg_message_page *page);
	void (*none)(struct live_core *core);
	/* type 0: too many requests wait for the store, or it cannot be asked for events. */
	void (*fail)(struct live_core *core, uint16_t type, const union msg *m);

	/* The room's events (live_room.h). */
	void (*changed)(struct live_core *core);
	void (*turn)(struct live_core *core, const struct msg_live_turn *turn);
	void (*typing)(struct live_core *core);
	void (*presence)(struct live_core *core, struct slice operator); /* NULL: not for it */
	void (*contact)(struct live_core *core);                         /* likewise */
	void (*missed)(struct live_core *core, const struct live_room_event *event);
	void (*gone)(struct live_core *core);
};

/* Embedded first in who follows the conversation. */
struct live_core {
	struct live_room_member member; /* first: the room calls on_event() with it */
	const struct live_renderer *renderer;
	struct api *api;
	struct id org;
	struct id owned; /* the conversation, for its owners; zero: the session's */
	struct id widget;
	struct slice session; /* borrowed */
	bool early;           /* the client may not be allowed here: events wait for a sync */
	uint64_t from;        /* the position where the page begins; 0: the newest messages */
	struct store_call *call; /* NULL: no sync is under way */
	bool again;              /* another sync is due after it */
	struct id
	    failed; /* the last reply that failed and may still be open: it is not joined */
};

/* 0, or -1 when too many requests wait for the store. */
[[gnu::warn_unused_result]] int live_core_enter(
    struct live_core *core, const struct live_room_topic *topic);

/* Leaves the room, and gives up the sync that is under way. */
void live_core_leave(struct live_core *core);

/* Begins a sync from this position (0: of the newest messages), or notes that another one is due. */
void live_core_sync(struct live_core *core, uint64_t from);

/* Gives up the sync that is under way. */
void live_core_cancel(struct live_core *core);

/* Whether this is a reply that may be joined. */
bool live_core_may_join(const struct live_core *core, const struct id *reply);

/* It may have been written again, or the store can say now how it ended. */
void live_core_forgive(struct live_core *core);

/* The reference for turn_join() and turn_stop(); its session is borrowed from the core. */
struct reply_ref live_core_reply(const struct live_core *core, const struct id *reply);

#endif

#include "workerd/api/live/live_core.h"

#include "proto/base/basics.h"

static void live_core_ask(struct live_core *core);

static void
live_core_take(struct live_core *core, const struct msg_message_page *page)
{
	const struct msg_conversation_record conversation = live_page_conversation(page);

	switch (core->renderer->page(core, page, &conversation)) {
	case LIVE_SYNC_STOP:
		return;
	case LIVE_SYNC_AGAIN:
		live_core_ask(core);
		return;
	case LIVE_SYNC_ON:
		break;
	}
	if (core->from == 0 || page->next == 0) {
		core->renderer->finish(core, page);
		return;
	}
	core->from = page->next;
	live_core_ask(core);
}

static void
live_core_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct live_core *core = arg;

	core->call = NULL;
	if (store_refused(type, m, STORE_NOT_FOUND))
		core->renderer->none(core);
	else if (type == MSG_MESSAGE_PAGE && m->message_page.conversation.len > 0)
		live_core_take(core, &m->message_page);
	else
		core->renderer->fail(core, type, m);
}

static struct store_call *
live_core_call(struct live_core *core)
{
	const bool is_first = core->from == 0;
	const uint32_t limit = is_first ? core->renderer->first : core->renderer->later;
	const struct msg_message_list owned = {
	    .org = core->org,
	    .conversation = core->owned,
	    .backwards = is_first,
	    .from = core->from,
	    .limit = limit,
	};
	const struct msg_session_history session = {
	    .org = core->org,
	    .widget = core->widget,
	    .session = core->session,
	    .onwards = core->from,
	    .limit = limit,
	    .settled = core->renderer->settled,
	};

	if (id_is_zero(&core->owned))
		return store_call(core->api->store, MSG_SESSION_HISTORY, &session,
		    STORE_TIMEOUT_MS, live_core_on_page, core);
	return store_call(core->api->store, MSG_MESSAGE_LIST, &owned, STORE_TIMEOUT_MS,
	    live_core_on_page, core);
}

static void
live_core_ask(struct live_core *core)
{
	core->call = live_core_call(core);
	if (core->call == NULL)
		core->renderer->fail(core, 0, NULL);
}

void
live_core_sync(struct live_core *core, uint64_t from)
{
	if (core->call != NULL) {
		core->again = true;
		return;
	}
	core->again = false;
	core->from = from;
	live_core_ask(core);
}

void
live_core_cancel(struct live_core *core)
{
	if (core->call != NULL)
		store_call_forget(core->call);
	core->call = NULL;
}

static void
live_core_on_missed(struct live_core *core, const struct live_room_event *event)
{
	live_core_forgive(core);
	core->renderer->missed(core, event);
}

/* A turn without a message is a reply that is run again after it broke off. */
static void
live_core_on_turn(struct live_core *core, const struct msg_live_turn *turn)
{
	if (id_is_zero(&turn->message))
		live_core_forgive(core);
	core->renderer->turn(core, turn);
}

static void
live_core_on_event(struct live_room_member *member, const struct live_room_event *event)
{
	struct live_core *core = (struct live_core *)member;
	const struct live_renderer *r = core->renderer;

	if (event->type == ROOM_UNAVAILABLE) {
		r->fail(core, 0, NULL);
		return;
	}
	if (core->early && event->type != ROOM_GONE) {
		core->again = true;
		return;
	}
	switch (event->type) {
	case ROOM_TURN:
		live_core_on_turn(core, event->turn);
		break;
	case ROOM_CHANGED:
		r->changed(core);
		break;
	case ROOM_TYPING:
		r->typing(core);
		break;
	case ROOM_PRESENCE:
		if (r->presence != NULL)
			r->presence(core, event->operator);
		break;
	case ROOM_CONTACT:
		if (r->contact != NULL)
			r->contact(core);
		break;
	case ROOM_MISSED:
		live_core_on_missed(core, event);
		break;
	case ROOM_UNAVAILABLE:
		break;
	case ROOM_GONE:
		r->gone(core);
		break;
	}
}

int
live_core_enter(struct live_core *core, const struct live_room_topic *topic)
{
	core->member.on_event = live_core_on_event;
	return live_room_enter(core->api->rooms, &core->member, topic);
}

void
live_core_leave(struct live_core *core)
{
	live_core_cancel(core);
	live_room_leave(&core->member);
}

bool
live_core_may_join(const struct live_core *core, const struct id *reply)
{
	return !id_is_zero(reply) && !id_equal(reply, &core->failed);
}

void
live_core_forgive(struct live_core *core)
{
	core->failed = (struct id){0};
}

struct reply_ref
live_core_reply(const struct live_core *core, const struct id *reply)
{
	struct reply_ref ref = {.org = core->org, .message = *reply};

	if (!id_is_zero(&core->owned)) {
		ref.conversation = core->owned;
		return ref;
	}
	ref.widget = core->widget;
	ref.session = core->session;
	return ref;
}

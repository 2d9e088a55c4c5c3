/*
 * Older history, a page for each request of the client (API.md, section 8).
 */
#include "workerd/api/widget/widget_older.h"

#include "workerd/api/widget/widget_socket.h"

#define OLDER_MESSAGES 50

struct msg_session_history
widget_older_ask(const struct id *before)
{
	return (struct msg_session_history){.before = *before, .limit = OLDER_MESSAGES};
}

bool
widget_older_send(
    struct widget_outlet *o, const struct id *before, uint16_t type, const union msg *m)
{
	static const struct msg_message_page none;

	if (type == MSG_MESSAGE_PAGE)
		widget_send_older(o, before, &m->message_page);
	else if (store_refused(type, m, STORE_NOT_FOUND))
		widget_send_older(o, before, &none);
	else
		return false;
	return true;
}

static void
widget_older_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct widget_socket *s = arg;

	s->older = NULL;
	if (store_refused(type, m, STORE_STALE))
		widget_send_error(
		    &s->out, "not_found", WIDGET_OLDER_UNKNOWN, (struct slice){0});
	else if (!widget_older_send(&s->out, &s->older_before, type, m))
		widget_socket_give_up(s);
}

void
widget_older_read(struct widget_socket *s, const struct id *before)
{
	struct msg_session_history ask = widget_older_ask(before);

	if (s->older != NULL) {
		widget_send_error(&s->out, "history_pending",
		    "Your previous request for history is still being answered",
		    (struct slice){0});
		return;
	}
	ask.org = s->core.org;
	ask.widget = s->core.widget;
	ask.session = s->core.session;
	s->older_before = *before;
	s->older = store_call(s->core.api->store, MSG_SESSION_HISTORY, &ask, STORE_TIMEOUT_MS,
	    widget_older_on_page, s);
	if (s->older == NULL)
		widget_socket_give_up(s);
}

void
widget_older_end(struct widget_socket *s)
{
	if (s->older != NULL)
		store_call_forget(s->older);
	s->older = NULL;
}

/*
 * Steps that wait, or have waited, for a decision: the client asks for them, gets them again whenever the conversation changes,
 * and decides.
 */
#include "proto/base/basics.h"
#include "workerd/api/steps/step_json.h"
#include "workerd/api/widget/widget_socket.h"

static void
widget_steps_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct widget_socket *s = arg;

	s->steps = NULL;
	if (type != MSG_RECORD_PAGE) {
		widget_socket_give_up(s);
		return;
	}
	widget_send_steps(&s->out, m->record_page.records);
	if (s->steps_again)
		widget_steps_read(s);
}

void
widget_steps_read(struct widget_socket *s)
{
	const struct msg_step_list list = {.org = s->core.org,
	    .widget = s->core.widget,
	    .session = s->core.session,
	    .limit = STEP_JSON_MAX};

	s->steps_again = s->steps != NULL;
	if (s->steps_again)
		return;
	s->steps = store_call(s->core.api->store, MSG_STEP_LIST, &list, STORE_TIMEOUT_MS,
	    widget_steps_on_list, s);
	if (s->steps == NULL)
		widget_socket_give_up(s);
}

static void
widget_steps_on_decided(void *arg, uint16_t type, const union msg *m)
{
	struct widget_socket *s = arg;

	s->decision = NULL;
	if (!widget_send_decided(&s->out, type, m))
		widget_socket_give_up(s);
}

void
widget_steps_go_on(struct widget_socket *s)
{
	struct msg_step_decide ask = s->deciding;

	if (!s->decides || s->identification != NULL)
		return;
	s->decides = false;
	ask.org = s->core.org;
	ask.widget = s->core.widget;
	ask.session = s->core.session;
	ask.user_id = buf_slice(&s->user_id);
	/* Who has left will see the step in the next history. */
	if (s->out.ws == NULL) {
		(void)!store_call(
		    s->core.api->store, MSG_STEP_DECIDE, &ask, STORE_TIMEOUT_MS, NULL, NULL);
		return;
	}
	s->decision = store_call(s->core.api->store, MSG_STEP_DECIDE, &ask, STORE_TIMEOUT_MS,
	    widget_steps_on_decided, s);
	if (s->decision == NULL)
		widget_socket_give_up(s);
}

void
widget_steps_decide(struct widget_socket *s, const struct msg_step_decide *decide)
{
	if (s->decides || s->decision != NULL) {
		widget_send_error(&s->out, "step_pending",
		    "Your previous decision is still being stored", (struct slice){0});
		return;
	}
	s->deciding = *decide;
	s->decides = true;
	widget_steps_go_on(s);
}

void
widget_steps_end(struct widget_socket *s)
{
	if (s->steps != NULL)
		store_call_forget(s->steps);
	if (s->decision != NULL)
		store_call_forget(s->decision);
	s->steps = s->decision = NULL;
}

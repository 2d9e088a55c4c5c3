/*
 * What a visitor sees of operators: that one writes a message, and who has the conversation.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/widget/widget_socket.h"

/* How long typing is shown; clients of operators repeat it while they write. */
#define TYPING_SHOWN_MS 6000

/* A client that knows no operators sees that the assistant writes. */
static void
widget_operator_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct widget_socket *s = arg;

	(void)fd;
	(void)what;
	widget_operator_stop_typing(s);
	widget_send_type(&s->out, "typing_stop");
}

void
widget_operator_start_typing(struct widget_socket *s)
{
	struct timeval in = clock_timeval(TYPING_SHOWN_MS);

	if (widget_replies_run(s))
		return;
	if (s->out.operators) {
		widget_send_operator_typing(&s->out);
		return;
	}
	if (s->operator_timer == NULL) {
		s->operator_timer =
		    evtimer_new(s->core.api->turns->base, widget_operator_on_timer, s);
		must(s->operator_timer != NULL);
		widget_send_type(&s->out, "typing_start");
	}
	evtimer_add(s->operator_timer, &in);
}

bool
widget_operator_stop_typing(struct widget_socket *s)
{
	bool typed = s->operator_timer != NULL;

	if (typed)
		event_free(s->operator_timer);
	s->operator_timer = NULL;
	return typed;
}

void
widget_operator_set_state(struct widget_socket *s,
    const struct msg_conversation_record *conversation, struct slice people)
{
	enum conversation_state state = (enum conversation_state)conversation->state;

	if (state == STATE_RESOLVED)
		state = STATE_OPEN;
	if (!s->out.operators ||
	    (s->state == state && id_equal(&s->operator, & conversation->operator)))
		return;
	s->state = (uint8_t)state;
	s->operator= conversation->operator;
	widget_send_presence(&s->out, conversation, people);
}

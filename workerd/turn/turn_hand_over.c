/*
 * The model asks for a person: its wish is read from the response, and the visitor reads a text of the
 * agent at the end of the reply. storaged then lets the conversation wait for a person. Or the visitor asks: then
 * this text is the whole reply, whatever the model would say. And the reply to a message that a person answers.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/hours/hours.h"
#include "workerd/turn/turn_internal.h"

/* For an agent without texts of its own; the first only if the model has said nothing, the second outside of the working
 * hours. */
#define WAITING "I have asked a person to help you. Please wait here for the answer."
#define CLOSED                                                                                \
	"No one is here right now. Please leave your e-mail address, and we will answer you " \
	"there."
#define HANDOVER "A member of our team will answer you here."

void
turn_hand_over_note_hours(struct turn *t, struct slice hours)
{
	struct hours_state state;
	struct hours h;

	if (!hours_load(hours, &h))
		return;
	state = hours_at(&h, clock_wall_ms());
	hours_clear(&h);
	t->closed = !state.open;
	t->reply.closed = t->closed;
	t->reply.opens_at = t->closed ? state.until : 0;
}

void
turn_hand_over_allow(struct turn *t)
{
	struct slice text;

	if (!t->asks_person && !prompt_may_hand_over(t->prompt))
		return;
	text = t->closed ? prompt_closed_text(t->prompt) : prompt_waiting_text(t->prompt);
	t->waiting_text = strndup((const char *)text.p, text.len);
	must(t->waiting_text != NULL);
}

struct slice
turn_hand_over_cut(struct turn *t, struct slice text, struct buf *out)
{
	return t->waiting_text == NULL ? text : hand_over_cut(&t->hand_over, text, out);
}

struct slice
turn_hand_over_rest(struct turn *t)
{
	return hand_over_end(&t->hand_over);
}

/* What is missing to an empty line behind the text. */
static const char *
turn_hand_over_gap(struct slice text)
{
	const size_t n = text.len;
	unsigned ends = 0;

	while (ends < 2 && ends < n && text.p[n - ends - 1] == '\n')
		ends++;
	return n == 0 || ends == 2 ? "" : ends == 1 ? "\n" : "\n\n";
}

struct slice
turn_hand_over_notice(const struct turn *t, struct buf *out)
{
	const struct slice before = buf_slice(&t->listeners.text);
	const char *text = t->waiting_text;

	if (!t->hand_over.found)
		return (struct slice){0};
	if (*text == '\0' && t->closed)
		text = CLOSED;
	else if (*text == '\0' && before.len == 0)
		text = WAITING;
	if (*text != '\0')
		must(buf_printf(out, "%s%s", turn_hand_over_gap(before), text) == 0);
	return buf_slice(out);
}

void
turn_hand_over_at_once(struct turn *t)
{
	struct buf notice;

	t->hand_over.found = true;
	buf_init(&notice, TURN_REPLY_MAX);
	(void)turn_hand_over_notice(t, &notice);
	reply_listeners_start(&t->listeners);
	must(reply_listeners_append(&t->listeners, buf_slice(&notice)) == 0);
	buf_clear(&notice);
	turn_finish(t);
}

struct turn_reply
turn_hand_over_reply(const struct msg_turn_handed *handed)
{
	return (struct turn_reply){
	    .text = handed->text.len > 0 ? handed->text : slice_str(HANDOVER),
	    .status = MESSAGE_COMPLETE,
	    .handover = STATE_PERSON,
	    .operator_name = handed->operator_name,
	    .operator_picture = handed->operator_picture,
	};
}

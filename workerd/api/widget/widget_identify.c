/*
 * The visitor says who it is. What the widget asks for may have changed since it came: the store is
 * asked for that first, and then told, also when the visitor leaves meanwhile.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/widget/widget_socket.h"

struct introduction {
	struct widget_socket *s;
	struct widget_frame frame;
	struct store_call *call;
};

/* It has ended, or its socket has. */
static void
introduction_free(struct introduction *i)
{
	widget_frame_clear(&i->frame);
	free(i);
}

/* It has ended; messages that came after it go on. */
static struct widget_socket *
finish(struct introduction *i)
{
	struct widget_socket *s = i->s;

	introduction_free(i);
	s->introduction = NULL;
	return s;
}

static void
refuse(struct introduction *i, const char *code, const char *message)
{
	struct widget_socket *s = finish(i);

	say_error(s, code, message, (struct slice){0});
	socket_go_on(s);
}

/* What is wrong with the details, with a sentence for each in contact. */
static void
refuse_contact(
    struct introduction *i, const char *message, const struct widget_contact *contact)
{
	struct widget_socket *s = finish(i);

	say_wrong_contact(s, message, contact);
	socket_go_on(s);
}

/* The store folds an e-mail, so that its case does not count, and some letters become two by it. */
static void
refuse_email(struct introduction *i)
{
	static const char wrong[] = "email must be shorter";
	const struct widget_contact contact = {.wrong = {[WIDGET_CONTACT_EMAIL] = wrong}};

	refuse_contact(i, wrong, &contact);
}

static void
fail(struct introduction *i, uint16_t type, const union msg *m)
{
	enum turn_failure failure = TURN_STORE_DOWN;

	if (store_refused(type, m, STORE_GONE) || store_refused(type, m, STORE_NOT_FOUND))
		failure = TURN_VISITOR_GONE;
	else if (store_refused(type, m, STORE_FULL))
		failure = TURN_STORE_FULL;
	refuse(i, chat_failure_code(failure), chat_failure_message(failure));
}

/* -- telling the store ----------------------------------------------------------------------- */

static void
on_submitted(void *arg, uint16_t type, const union msg *m)
{
	struct introduction *i = arg;
	struct widget_socket *s;

	if (store_refused(type, m, STORE_INVALID)) {
		refuse_email(i);
		return;
	}
	if (type != MSG_CONTACT) {
		fail(i, type, m);
		return;
	}
	s = finish(i);
	s->introduced = s->is_known = true;
	say_type(s, "contact_info_saved");
	socket_go_on(s);
}

static void
submit(struct introduction *i, const struct widget_contact *contact)
{
	const struct msg_contact_submit submit = {
	    .token = i->s->token,
	    .fresh_id = id_new(),
	    .name = contact->value[0],
	    .email = contact->value[1],
	    .phone = contact->value[2],
	};

	i->call = store_call(
	    i->s->api->store, MSG_CONTACT_SUBMIT, &submit, STORE_TIMEOUT_MS, on_submitted, i);
	if (i->call == NULL)
		fail(i, 0, NULL);
}

/* -- what the widget asks for ---------------------------------------------------------------- */

static void
read_contact(struct introduction *i, const struct msg_widget_record *widget)
{
	struct widget_contact contact;
	const char *wrong;

	if (widget->contact_mode == CONTACT_NONE) {
		refuse(i, "contact_not_asked", "This chat does not ask for contact details");
		return;
	}
	wrong = widget_contact_read(&i->frame, widget->collects, &contact);
	if (wrong == NULL)
		submit(i, &contact);
	else
		refuse_contact(i, wrong, &contact);
}

static void
on_widget(void *arg, uint16_t type, const union msg *m)
{
	struct msg_widget_record widget;
	struct introduction *i = arg;

	if (type != MSG_WIDGET || m->widget.widget.len == 0) {
		fail(i, type, m);
		return;
	}
	must(record_decode(m->widget.widget, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	read_contact(i, &widget);
}

void
introduce(struct widget_socket *s, struct widget_frame *frame)
{
	const struct msg_widget_get get = {.org = s->org, .widget = s->widget};
	struct introduction *i;

	if (s->introduction != NULL) {
		say_error(s, "contact_pending", "Your last contact details are being saved",
		    (struct slice){0});
		return;
	}
	i = xcalloc(1, sizeof(*i));
	i->s = s;
	i->frame = *frame;
	*frame = (struct widget_frame){0};
	s->introduction = i;
	i->call =
	    store_call(s->api->store, MSG_WIDGET_GET, &get, STORE_TIMEOUT_MS, on_widget, i);
	if (i->call == NULL)
		fail(i, 0, NULL);
}

void
introduce_cancel(struct widget_socket *s)
{
	store_call_forget(s->introduction->call);
	introduction_free(s->introduction);
	s->introduction = NULL;
}

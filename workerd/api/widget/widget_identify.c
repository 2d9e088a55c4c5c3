/*
 * The visitor submits contact details. The widget may have changed since the visitor connected, so its
 * record is read first; then the details are stored, even if the visitor disconnects meanwhile.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/identity/identity.h"
#include "workerd/api/widget/widget_settings.h"
#include "workerd/api/widget/widget_socket.h"

struct widget_identification {
	struct widget_socket *s;
	struct widget_frame frame;
	struct store_call *call;
};

/* The page of a session of a key, and no widget, decides which details to ask for: any are taken. */
static bool
widget_identify_is_by_key(const struct widget_socket *s)
{
	return hash_is_zero(&s->token);
}

static void
widget_identify_free(struct widget_identification *i)
{
	widget_frame_clear(&i->frame);
	free(i);
}

/* Ends the submission; the caller sends the result and then calls widget_socket_resume(). */
static struct widget_socket *
widget_identify_end(struct widget_identification *i)
{
	struct widget_socket *s = i->s;

	widget_identify_free(i);
	s->identification = NULL;
	return s;
}

static void
widget_identify_refuse(struct widget_identification *i, const char *code, const char *message)
{
	struct widget_socket *s = widget_identify_end(i);

	widget_send_error(&s->out, code, message, (struct slice){0});
	widget_socket_resume(s);
}

static void
widget_identify_refuse_contact(
    struct widget_identification *i, const char *message, const struct contact_details *contact)
{
	struct widget_socket *s = widget_identify_end(i);

	widget_send_wrong_contact(&s->out, message, contact);
	widget_socket_resume(s);
}

static void
widget_identify_fail(struct widget_identification *i, uint16_t type, const union msg *m)
{
	enum turn_failure failure = TURN_STORE_DOWN;

	if (store_refused(type, m, STORE_GONE) || store_refused(type, m, STORE_NOT_FOUND))
		failure = TURN_VISITOR_GONE;
	else if (store_refused(type, m, STORE_BLOCKED))
		failure = TURN_BLOCKED;
	else if (store_refused(type, m, STORE_FULL))
		failure = TURN_STORE_FULL;
	widget_identify_refuse(i, chat_failure_code(failure), chat_failure_message(failure));
}

static void
widget_identify_on_submitted(void *arg, uint16_t type, const union msg *m)
{
	struct widget_identification *i = arg;
	struct widget_socket *s;

	if (store_refused(type, m, STORE_INVALID)) {
		widget_identify_refuse_contact(
		    i, CONTACT_DETAILS_LONG_EMAIL, &contact_details_long_email);
		return;
	}
	if (type != MSG_RECORD) {
		widget_identify_fail(i, type, m);
		return;
	}
	s = widget_identify_end(i);
	s->identified_here = s->is_identified = true;
	widget_send_type(&s->out, "contact_info_saved");
	widget_socket_resume(s);
}

static void
widget_identify_submit(struct widget_identification *i, const struct contact_details *contact)
{
	struct msg_contact_submit submit = {
	    .token = i->s->token,
	    .fresh_id = id_new(),
	    .name = contact->value[0],
	    .email = contact->value[1],
	    .phone = contact->value[2],
	    .user_id = i->frame.who.user_id,
	    .org = i->s->core.org,
	    .widget = i->s->core.widget,
	    .visitor = i->s->visitor,
	    .vouched = widget_socket_vouched(i->s),
	    .sender = ip_client_prefix(&i->s->sender),
	};

	if (widget_identify_is_by_key(i->s))
		submit.session = i->s->core.session;
	if (submit.user_id.len > 0 && widget_identify_is_by_key(i->s)) {
		/* For the next messages: the first one begins the conversation. */
		buf_reset(&i->s->user_id);
		must(buf_append(&i->s->user_id, submit.user_id.p, submit.user_id.len) == 0);
	}
	i->call = store_call(i->s->core.api->store, MSG_CONTACT_SUBMIT, &submit,
	    STORE_TIMEOUT_MS, widget_identify_on_submitted, i);
	if (i->call == NULL)
		widget_identify_fail(i, 0, NULL);
}

static void
widget_identify_check_proof(
    struct widget_identification *i, const struct msg_widget_record *widget)
{
	struct contact_details contact;
	const char *wrong = contact_details_read_proved(&i->frame.who, &contact);

	if (!identity_is_proved(widget, &i->frame.who))
		widget_identify_refuse(i, IDENTITY_INVALID,
		    widget_identify_is_by_key(i->s) ? IDENTITY_UNPROVED_BY_KEY
						    : IDENTITY_UNPROVED);
	else if (wrong != NULL)
		widget_identify_refuse_contact(i, wrong, &contact);
	else
		widget_identify_submit(i, &contact);
}

static void
widget_identify_check(struct widget_identification *i, const struct msg_widget_record *widget)
{
	const unsigned taken = widget_settings_taken(widget);
	struct contact_details contact;
	const char *wrong;

	if (identity_has_proof(&i->frame.who)) {
		widget_identify_check_proof(i, widget);
		return;
	}
	if (taken == 0 && !widget_identify_is_by_key(i->s)) {
		widget_identify_refuse(i, "contact_not_asked", CONTACT_DETAILS_NOT_ASKED);
		return;
	}
	if (widget_identify_is_by_key(i->s))
		wrong = contact_details_read_any(&i->frame.who, &contact);
	else
		wrong = contact_details_read(&i->frame.who, taken,
		    i->s->is_identified ? 0 : widget_settings_required(widget), &contact);
	if (wrong == NULL)
		widget_identify_submit(i, &contact);
	else
		widget_identify_refuse_contact(i, wrong, &contact);
}

static void
widget_identify_on_widget(void *arg, uint16_t type, const union msg *m)
{
	struct msg_widget_record widget;
	struct widget_identification *i = arg;

	if (msg_read_record(type, m, MSG_WIDGET_RECORD, &widget))
		widget_identify_check(i, &widget);
	else
		widget_identify_fail(i, type, m);
}

void
widget_identify(struct widget_socket *s, struct widget_frame *frame)
{
	const struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .org = s->core.org, .id = s->core.widget};
	struct widget_identification *i;

	if (s->identification != NULL) {
		widget_send_error(&s->out, "contact_pending",
		    "Your previous contact details are still being saved", (struct slice){0});
		return;
	}
	i = xcalloc(1, sizeof(*i));
	i->s = s;
	i->frame = *frame;
	*frame = (struct widget_frame){0};
	s->identification = i;
	i->call = store_call(s->core.api->store, MSG_RECORD_GET, &get, STORE_TIMEOUT_MS,
	    widget_identify_on_widget, i);
	if (i->call == NULL)
		widget_identify_fail(i, 0, NULL);
}

void
widget_identify_cancel(struct widget_socket *s)
{
	store_call_forget(s->identification->call);
	widget_identify_free(s->identification);
	s->identification = NULL;
}

#include "workerd/api/widget/widget_visit.h"

#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/parameters.h"

void
widget_visit_session(const struct id *visitor, char text[WIDGET_SESSION_TEXT + 1])
{
	const size_t n = sizeof(VISITOR_SESSION) - 1;

	memcpy(text, VISITOR_SESSION, n);
	id_format(visitor, text + n);
}

/* A token of another form is ignored, as an unknown one is. */
static void
widget_visit_read_token(
    struct slice query, struct widget_visit *v, struct msg_visitor_open *ask)
{
	uint8_t text[PARAMETER_MAX];
	struct slice token = parameter_read(query, "token", text);

	if (token.len != WIDGET_TOKEN_TEXT)
		return;
	memcpy(v->given, token.p, WIDGET_TOKEN_TEXT);
	ask->token = secret_hash(token);
}

struct msg_visitor_open
widget_visit_return(const struct api_call *c, struct widget_visit *v)
{
	struct msg_widget_record widget;
	struct msg_visitor_open ask = {0};

	must(record_decode(c->widget_record, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	ask.public_id = widget.public_id;
	widget_visit_read_token(c->x->req->query, v, &ask);
	return ask;
}

struct msg_visitor_open
widget_visit_begin(const struct api_call *c, struct widget_visit *v)
{
	struct msg_visitor_open ask = widget_visit_return(c, v);

	secret_base62(v->fresh, WIDGET_TOKEN_TEXT);
	ask.fresh_token = secret_hash(slice_str(v->fresh));
	ask.fresh_id = id_new();
	return ask;
}

bool
widget_visit_opened(struct widget_visit *v, uint16_t type, const union msg *m)
{
	struct msg_visitor_record visitor;

	if (type != MSG_VISITOR_OPENED || m->visitor_opened.visitor.len == 0)
		return false;
	must(record_decode(m->visitor_opened.visitor, MSG_VISITOR_RECORD, &visitor) == WIRE_OK);
	v->resumed = m->visitor_opened.resumed;
	v->identified = !id_is_zero(&visitor.contact);
	v->org = visitor.org;
	v->widget = visitor.widget;
	v->visitor = visitor.id;
	v->token = visitor.token;
	widget_visit_session(&visitor.id, v->session);
	return true;
}

const char *
widget_visit_token(const struct widget_visit *v)
{
	return v->resumed ? v->given : v->fresh;
}

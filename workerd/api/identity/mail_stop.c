/*
 * POST /v1/mails/stop: the reader of a mail to a visitor wants no more of them. Mail programs send it, too (RFC 8058).
 */
#include "workerd/api/identity/mail_stop.h"

#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

void
handle_mails_stop(const struct api_call *c)
{
	uint8_t text[PARAMETER_MAX];
	const struct slice token = parameter_read(c->x->req->query, "token", text);
	struct msg_mail_stop stop;

	if (token.len == 0) {
		api_reply_invalid_query(
		    c, "token is missing: it is part of the link in the mail");
		return;
	}
	stop.token = secret_hash(token);
	store_query_ask(store_query_new(c, sizeof(struct store_query), 0, "No such mail"),
	    MSG_MAIL_STOP, &stop, store_query_on_ok);
}

/*
 * POST /v1/password-resets: somebody has forgotten a password, and gets a mail with a link if a user has the e-mail.
 *
 * The answer does not say whether there is such a user, and neither does its time: it is sent at a whole ANSWER_MS after the
 * request, which is longer than the store takes for either. The limit of the address is the store's (RESET_ASK), that of the
 * client is here; it is another one than that of passwords, which somebody who has forgotten one has probably used up.
 */
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/accounts/accounts_handlers.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/mail_reader.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/request/store_query.h"

#define ANSWER_MS  1000u
#define ANSWER_MAX 64 /* bytes of JSON */
#define ASKED_MAX  10u
#define ASKED_MS   3600000u

struct reset_ask {
	struct store_query q;
	uint64_t asked_at; /* ms, monotonic */
	struct fields in;
	struct slice email; /* borrowed from in */
};

static const struct field ask_fields[] = {
    {"email", &field_email, offsetof(struct reset_ask, email), FIELD_REQUIRED, 1, 254, NULL},
    {.name = NULL},
};

static void
reset_ask_on_end(struct store_query *q)
{
	fields_clear(&((struct reset_ask *)q)->in);
}

static void
reset_ask_cancel(void *timer)
{
	event_free(timer);
}

static void
reset_ask_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct reset_ask *r = arg;

	(void)fd;
	(void)what;
	event_free(r->q.pending);
	json_write_open(&r->q.json, NULL, '{');
	json_write_bool(&r->q.json, "ok", true);
	json_write_close(&r->q.json, '}');
	store_query_reply_status(&r->q, 202);
}

static void
reset_ask_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct reset_ask *r = arg;
	struct timeval in;
	struct event *timer;

	if (type != MSG_OK) {
		guard_rate_note(r->q.x, 0, &(struct ratelimit_answer){0});
		store_query_fail(&r->q, type, m);
		return;
	}
	in = clock_timeval(ANSWER_MS - (clock_mono_ms() - r->asked_at) % ANSWER_MS);
	timer = evtimer_new(r->q.api->turns->base, reset_ask_on_timer, r);
	must(timer != NULL && evtimer_add(timer, &in) == 0);
	store_query_wait(&r->q, timer, reset_ask_cancel);
}

static void
reset_ask_store(struct reset_ask *r)
{
	struct msg_reset_ask ask = {.mail = id_new(), .email = r->email};
	char language[MAIL_LANGUAGE_SIZE];

	mail_reader_language(r->q.x->req, language);
	ask.language = slice_str(language);
	log_event(LOG_NOTICE, "password_reset_asked", L_UINT("conn", r->q.x->number));
	store_query_ask(&r->q, MSG_RESET_ASK, &ask, reset_ask_on_stored);
}

/* Whether the client may ask once more. */
static bool
reset_ask_take(struct api *api, struct http_exchange *x)
{
	static const struct ratelimit_rule rule = {"reset", ASKED_MAX, ASKED_MS};
	const struct slice client = ip_client_prefix(&request_context_of(x)->client.address);
	const struct ratelimit_answer rate =
	    ratelimit_take(&api->board->rates, &rule, client, clock_mono_ns());

	guard_rate_note(x, rule.max, &rate);
	return rate.allowed;
}

void
handle_password_reset_ask(const struct api_call *c)
{
	const uint64_t now = clock_mono_ms();
	struct reset_ask *r;
	struct fields in;

	if (!mail_reader_is_reached(c->api->settings)) {
		reply_json_error(c->x, 503, "mail_not_configured",
		    "This deployment sends no mails: an owner can set a new password");
		return;
	}
	if (!fields_body(c, &in))
		return;
	r = store_query_new(c, sizeof(*r), ANSWER_MAX, "Not found");
	r->q.on_end = reset_ask_on_end;
	r->asked_at = now;
	r->in = in;
	fields_read(&r->in, ask_fields, true, r);
	if (fields_wrong(&r->in).len > 0)
		fields_refuse_query(&r->q, &r->in);
	else if (!reset_ask_take(c->api, c->x))
		guard_login_refuse(c->api, store_query_done(&r->q));
	else
		reset_ask_store(r);
}

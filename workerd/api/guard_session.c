/*
 * The dashboard's sessions: a random token in a cookie, whose hash the store knows.
 */
#include "workerd/api/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/basics.h"
#include "proto/secrets.h"

struct slice
guard_session_token(const struct http_request *req)
{
	static const char name[] = SESSION_COOKIE "=";
	struct slice cookies = http_header(req, "cookie");
	const size_t n = sizeof(name) - 1;

	while (cookies.len > 0) {
		const uint8_t *semicolon = memchr(cookies.p, ';', cookies.len);
		size_t len = semicolon == NULL ? cookies.len : (size_t)(semicolon - cookies.p);

		if (len > n && memcmp(cookies.p, name, n) == 0)
			return (struct slice){cookies.p + n, len - n};
		cookies.p += len;
		cookies.len -= len;
		while (cookies.len > 0 && (*cookies.p == ';' || *cookies.p == ' ')) {
			cookies.p++;
			cookies.len--;
		}
	}
	return (struct slice){0};
}

/* -- asking the store ---------------------------------------------------------------------- */

/* A call that waits for the store to say whether its session is good, and what follows. */
struct session_check {
	struct api_call call;
	struct store_call *store;
	guard_step_fn *good, *bad;
};

static void
on_answer(void *arg, uint16_t type, const union msg *m)
{
	struct session_check *check = arg;
	struct api_call c = check->call;
	guard_step_fn *next = check->bad;

	c.x->on_close = NULL;
	c.x->data = NULL;
	if (type == MSG_LOGIN && m->login.login.len > 0) {
		struct msg_login_record login;

		must(record_decode(m->login.login, MSG_LOGIN_RECORD, &login) == WIRE_OK);
		c.org = login.org;
		next = check->good;
	} else if (!store_refused(type, m, STORE_NOT_FOUND)) {
		next = NULL;
	}
	free(check);
	if (next == NULL)
		api_reply_store_failure(c.x, type, m);
	else
		guard_resume(&c, next(&c));
}

static void
on_client_gone(struct http_exchange *x)
{
	struct session_check *check = x->data;

	store_call_forget(check->store);
	free(check);
}

/* Goes on with good if the request's session is, with bad if it is not or there is none. */
static enum guard_verdict
check_session(struct api_call *c, guard_step_fn *good, guard_step_fn *bad)
{
	struct slice token = guard_session_token(c->x->req);
	struct session_check *check;
	struct msg_login_check ask;

	if (token.len == 0)
		return bad(c);
	ask.token = secret_hash(token);
	check = xcalloc(1, sizeof(*check));
	*check = (struct session_check){.call = *c, .good = good, .bad = bad};
	check->store = store_call(
	    c->api->store, MSG_LOGIN_CHECK, &ask, STORE_TIMEOUT_MS, on_answer, check);
	if (check->store == NULL) {
		free(check);
		api_reply_store_failure(c->x, 0, NULL);
		return GUARD_REFUSED;
	}
	c->x->data = check;
	c->x->on_close = on_client_gone;
	return GUARD_WAITING;
}

static enum guard_verdict
grant(struct api_call *c)
{
	(void)c;
	return GUARD_GRANTED;
}

/* -- the admin API ------------------------------------------------------------------------- */

static enum guard_verdict
refuse_session(struct api_call *c)
{
	reply_json_error(c->x, 401, "unauthorized", "Unauthorized");
	return GUARD_REFUSED;
}

enum guard_verdict
guard_has_session(struct api_call *c)
{
	return guard_session_token(c->x->req).len > 0 ? GUARD_NEXT : guard_refuse_admin(c);
}

enum guard_verdict
guard_admin_session(struct api_call *c)
{
	return check_session(c, grant, refuse_session);
}

/* -- pages --------------------------------------------------------------------------------- */

static enum guard_verdict
redirect(struct http_exchange *x, const char *path)
{
	reply_start(x, 303);
	reply_header_str(x, "Location", path);
	reply_header_str(x, "Cache-Control", "no-store");
	reply_empty(x);
	return GUARD_REFUSED;
}

/* Off to /login, and back to the conversation that was asked for. */
static enum guard_verdict
redirect_to_login(struct api_call *c)
{
	char path[128], text[ID_TEXT_LEN + 1];
	uint8_t decoded[ROUTER_CAPTURE_MAX];
	struct id id;

	if (c->match.n_captures == 0 ||
	    id_parse(router_capture(&c->match, 0, decoded), &id) == -1)
		return redirect(c->x, "/login");
	id_format(&id, text);
	snprintf(path, sizeof(path), "/login?next=%%2Fconversations%%2F%s", text);
	return redirect(c->x, path);
}

static enum guard_verdict
redirect_home(struct api_call *c)
{
	return redirect(c->x, "/");
}

enum guard_verdict
guard_page_session(struct api_call *c)
{
	return check_session(c, grant, redirect_to_login);
}

enum guard_verdict
guard_no_session(struct api_call *c)
{
	return check_session(c, redirect_home, grant);
}

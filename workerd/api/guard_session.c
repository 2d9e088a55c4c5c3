/*
 * The dashboard's sessions: a random token in a cookie, whose hash the store knows.
 */
#include "workerd/api/guard.h"

#include <stdio.h>
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

/* Whose session it is. */
static void
sign(struct api_call *c, const struct msg_login *m)
{
	struct msg_login_record login;
	struct msg_user_item user;

	must(record_decode(m->login, MSG_LOGIN_RECORD, &login) == WIRE_OK);
	c->org = login.org;
	c->login = login.id;
	if (m->user.len == 0)
		return;
	must(record_decode(m->user, MSG_USER_ITEM, &user) == WIRE_OK);
	c->user = user.id;
	c->role = user.role;
}

/* Asks for the request's session; found gets NULL when it is none. */
static enum guard_verdict
check_session(struct api_call *c, guard_found_fn *found)
{
	struct slice token = guard_session_token(c->x->req);
	struct msg_login_check ask;

	if (token.len == 0)
		return found(c, NULL);
	ask.token = secret_hash(token);
	return guard_ask(c, MSG_LOGIN_CHECK, &ask, found);
}

/* -- the admin API ------------------------------------------------------------------------- */

static enum guard_verdict
found_for_admin(struct api_call *c, const union msg *m)
{
	if (m == NULL) {
		reply_json_error(c->x, 401, "unauthorized", "Unauthorized");
		return GUARD_REFUSED;
	}
	sign(c, &m->login);
	return GUARD_GRANTED;
}

enum guard_verdict
guard_has_session(struct api_call *c)
{
	return guard_session_token(c->x->req).len > 0 ? GUARD_NEXT : guard_refuse_admin(c);
}

enum guard_verdict
guard_admin_session(struct api_call *c)
{
	return check_session(c, found_for_admin);
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
found_for_page(struct api_call *c, const union msg *m)
{
	if (m == NULL)
		return redirect_to_login(c);
	sign(c, &m->login);
	return GUARD_GRANTED;
}

static enum guard_verdict
found_for_login(struct api_call *c, const union msg *m)
{
	return m == NULL ? GUARD_GRANTED : redirect(c->x, "/");
}

enum guard_verdict
guard_page_session(struct api_call *c)
{
	return check_session(c, found_for_page);
}

enum guard_verdict
guard_no_session(struct api_call *c)
{
	return check_session(c, found_for_login);
}

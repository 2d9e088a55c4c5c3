/*
 * API keys: those of the settings, compared in constant time, and those that organizations created,
 * which the store finds by their hash.
 */
#include "workerd/api/guard/guard.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/secrets.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/request_context.h"

/* At most one report of a key in this time; the store keeps one an hour. */
#define KEY_REPORT_MS 60000u

static enum guard_verdict
guard_key_refuse(struct api_call *c)
{
	reply_json_error(c->x, 401, "unauthorized", "Unauthorized");
	return GUARD_REFUSED;
}

/* Whether it is the key or, during a key rotation, the old one. Always compares both, so that the time
 * reveals nothing. */
static bool
guard_key_matches(struct slice given, const char *key, const char *old)
{
	bool is_new = secret_equal(slice_str(key), given);
	bool is_old = old != NULL && secret_equal(slice_str(old), given);

	return is_new || is_old;
}

enum guard_verdict
guard_refuse_admin(struct api_call *c)
{
	if (c->api->settings->admin_api_key != NULL)
		return guard_key_refuse(c);
	reply_json_error(c->x, 503, "admin_api_not_configured",
	    "ADMIN_API_KEY is not configured on this deployment");
	return GUARD_REFUSED;
}

/* Whether it has the form of an organization's key. Other values are refused without asking the store. */
static bool
guard_key_has_form(struct slice given, const char *prefix)
{
	size_t n = slice_str(prefix).len;

	return given.len == KEY_TEXT && slice_eq_str((struct slice){given.p, n}, prefix);
}

static enum guard_verdict
guard_key_ask_for(struct api_call *c, struct slice given, guard_found_fn *found)
{
	struct msg_key_check ask = {.key = secret_hash(given)};

	return guard_ask(c, MSG_KEY_CHECK, &ask, found);
}

/* Whether the store's answer is a key of this kind; decodes it. */
static bool
guard_key_has_kind(const union msg *m, enum key_kind kind, struct msg_key_record *key)
{
	if (m == NULL)
		return false;
	must(record_decode(m->key.key, MSG_KEY_RECORD, key) == WIRE_OK);
	return key->kind == kind;
}

/* The owner sees when a key was used last. Nothing depends on the answer. A store that cannot write is not asked
 * with each request. */
static void
guard_key_note_use(struct api_call *c, const struct msg_key_record *key)
{
	const struct msg_key_used used = {.key = key->key};
	const size_t place = key->key.b[0] % ARRAY_LEN(c->api->key_uses);
	const uint64_t now = clock_mono_ms();
	bool is_reported = hash_equal(&c->api->key_uses[place].key, &key->key) &&
	    now - c->api->key_uses[place].at < KEY_REPORT_MS;

	if (is_reported || clock_wall_ms() - key->used_at < KEY_USED_MS)
		return;
	c->api->key_uses[place].key = key->key;
	c->api->key_uses[place].at = now;
	(void)!store_call(c->api->store, MSG_KEY_USED, &used, STORE_TIMEOUT_MS, NULL, NULL);
}

static enum guard_verdict
guard_key_found_chat_key(struct api_call *c, const union msg *m)
{
	struct msg_key_record key;

	if (!guard_key_has_kind(m, KEY_WIDGET, &key))
		return guard_key_refuse(c);
	guard_key_note_use(c, &key);
	c->org = key.org;
	c->widget = m->key.widget;
	c->by_key = true;
	return GUARD_NEXT;
}

static enum guard_verdict
guard_key_found_admin_key(struct api_call *c, const union msg *m)
{
	struct msg_key_record key;

	if (!guard_key_has_kind(m, KEY_ADMIN, &key))
		return guard_key_refuse(c);
	guard_key_note_use(c, &key);
	c->org = key.org;
	c->key = key.id;
	c->by_key = true;
	c->key_hash = key.key;
	return GUARD_GRANTED;
}

/* From a header; p is NULL without one. */
static struct slice
guard_key_of_chat(const struct api_call *c)
{
	struct slice given = http_header(c->x->req, "x-api-key");

	return given.p != NULL ? given : http_header(c->x->req, "x-widget-api-key");
}

static enum guard_verdict
guard_key_check_chat(struct api_call *c, struct slice given)
{
	const struct settings *s = c->api->settings;

	if (s->widget_api_key != NULL && given.p != NULL &&
	    guard_key_matches(given, s->widget_api_key, s->widget_api_key_old)) {
		c->by_key = true;
		return GUARD_NEXT;
	}
	if (guard_key_has_form(given, KEY_WIDGET_PREFIX))
		return guard_key_ask_for(c, given, guard_key_found_chat_key);
	return s->widget_api_key == NULL ? GUARD_NEXT : guard_key_refuse(c);
}

enum guard_verdict
guard_chat_key(struct api_call *c)
{
	return guard_key_check_chat(c, guard_key_of_chat(c));
}

enum guard_verdict
guard_chat_query_key(struct api_call *c)
{
	uint8_t text[PARAMETER_MAX];
	struct slice given = guard_key_of_chat(c);

	if (given.p == NULL)
		given = parameter_read(c->x->req->query, "key", text);
	return guard_key_check_chat(c, given);
}

/* Whether a key was given that is the one of the settings. */
static bool
guard_key_is_admin_key(const struct api_call *c, struct slice given)
{
	const struct settings *s = c->api->settings;

	return s->admin_api_key != NULL && given.p != NULL &&
	    guard_key_matches(given, s->admin_api_key, s->admin_api_key_old);
}

enum guard_verdict
guard_admin_key(struct api_call *c)
{
	struct slice given = http_header(c->x->req, "x-admin-api-key");

	if (given.p == NULL)
		return GUARD_NEXT;
	if (guard_key_is_admin_key(c, given)) {
		c->by_key = true;
		return GUARD_GRANTED;
	}
	return guard_key_has_form(given, KEY_ADMIN_PREFIX)
	    ? guard_key_ask_for(c, given, guard_key_found_admin_key)
	    : guard_refuse_admin(c);
}

/* Whether a Host header names this machine by loopback. In a DNS rebinding attack the browser still
 * sends the attacker's host name. */
static bool
guard_key_is_loopback_name(struct slice host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n = slice_str(names[i]).len;

		if (host.len >= n && (host.len == n || host.p[n] == ':') &&
		    header_equals((struct slice){host.p, n}, names[i]))
			return true;
	}
	return false;
}

/* Whether a proxy forwarded the request: then the connection says nothing about the client. */
static bool
guard_key_is_passed_on(const struct http_exchange *x)
{
	static const char *const signs[] = {"x-forwarded-for", "x-forwarded-proto",
	    "x-forwarded-host", "x-real-ip", "forwarded", "via"};

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (http_header(x->req, signs[i]).p != NULL)
			return true;
	return request_context_of(x)->client.trusted_peer;
}

enum guard_verdict
guard_local(struct api_call *c)
{
	if (c->x->loopback && !guard_key_is_passed_on(c->x) &&
	    guard_key_is_loopback_name(c->x->req->host))
		return GUARD_GRANTED;
	return GUARD_NEXT;
}

/* The value of "Authorization: Bearer VALUE" (RFC 6750, section 2.1); p is NULL without one. */
static struct slice
guard_key_bearer(const struct http_request *req)
{
	static const char scheme[] = "bearer";
	const size_t n = sizeof(scheme) - 1;
	struct slice value = http_header(req, "authorization");

	if (value.len <= n || value.p[n] != ' ' ||
	    !header_equals((struct slice){value.p, n}, scheme))
		return (struct slice){0};
	return header_trim((struct slice){value.p + n, value.len - n});
}

enum guard_verdict
guard_scrape_key(struct api_call *c)
{
	struct slice given = http_header(c->x->req, "x-admin-api-key");

	if (given.p == NULL)
		given = guard_key_bearer(c->x->req);
	return guard_key_is_admin_key(c, given) ? GUARD_GRANTED : guard_refuse_admin(c);
}

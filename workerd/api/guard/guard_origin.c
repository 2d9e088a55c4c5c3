/*
 * Which origins may call the API from a browser, and the CORS headers that let their scripts read the
 * answer (Fetch standard, section 3.2; API.md, section 2).
 *
 * Origins are compared byte by byte: another case, port or scheme is another origin.
 */
#include "workerd/api/guard/guard.h"
#include "workerd/api/request/request_context.h"
#include "workerd/http/message/byte_class.h"
#include "workerd/http/message/header_fields.h"

#define CORS_METHODS "GET, POST, PUT, PATCH, DELETE, OPTIONS"
#define CORS_HEADERS                                                                    \
	"Content-Type, x-api-key, x-widget-api-key, x-admin-api-key, Idempotency-Key, " \
	"Last-Event-ID, Upload-Offset, Upload-Token"
#define CORS_EXPOSED                                                                         \
	"Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, X-Request-Id, " \
	"Upload-Offset, Upload-Length, Upload-Max-Bytes"

/* The most that a preflight may ask for. */
#define CORS_ASKED_NAMES 32
#define CORS_ASKED_BYTES 1024

/* Takes the scheme off an origin. False: the client did not use that scheme. */
static bool
guard_origin_take_scheme(struct slice *origin, enum client_scheme used)
{
	static const struct {
		enum client_scheme not_used;
		const char *text;
	} schemes[] = {{SCHEME_HTTP, "https://"}, {SCHEME_HTTPS, "http://"}};

	for (size_t i = 0; i < 2; i++) {
		size_t n = slice_str(schemes[i].text).len;

		if (used == schemes[i].not_used || origin->len < n ||
		    !slice_eq_str((struct slice){origin->p, n}, schemes[i].text))
			continue;
		*origin = (struct slice){origin->p + n, origin->len - n};
		return true;
	}
	return false;
}

bool
guard_origin_is_own(const struct http_exchange *x)
{
	struct slice origin = http_header(x->req, "origin");
	struct slice host = x->req->host;

	return host.len > 0 &&
	    guard_origin_take_scheme(&origin, request_context_of(x)->client.scheme) &&
	    slice_eq(origin, host);
}

/* The widget's files have no secrets, those of messages are for who has their addresses or tokens, and the sites that show
 * widgets are not in CORS_ORIGIN. */
static bool
guard_origin_is_any(const struct http_exchange *x)
{
	const struct api_route *route = (const struct api_route *)x->route;

	return route != NULL && (route->guard == GUARD_ASSET || route->guard == GUARD_FILE);
}

static bool
guard_origin_is_allowed(const struct api *api, const struct http_exchange *x)
{
	if (guard_origin_is_any(x))
		return true;
	if (guard_is_for_widgets(x))
		return !request_context_of(x)->origin_refused;
	return origin_list_has(&api->settings->cors_origin, http_header(x->req, "origin")) ||
	    guard_origin_is_own(x);
}

static bool
guard_origin_has_origin(const struct http_exchange *x)
{
	return http_header(x->req, "origin").p != NULL;
}

static enum guard_verdict
guard_origin_refuse(struct api_call *c)
{
	reply_json_error(c->x, 403, "origin_not_allowed", "Origin not allowed");
	return GUARD_REFUSED;
}

enum guard_verdict
guard_origin(struct api_call *c)
{
	return !guard_origin_has_origin(c->x) || guard_origin_is_allowed(c->api, c->x)
	    ? GUARD_NEXT
	    : guard_origin_refuse(c);
}

enum guard_verdict
guard_own_changes(struct api_call *c)
{
	enum http_method method = c->x->req->method;

	if (method == HTTP_GET || method == HTTP_HEAD)
		return GUARD_NEXT;
	return guard_origin_is_own(c->x) ? GUARD_NEXT : guard_origin_refuse(c);
}

enum guard_verdict
guard_own_page(struct api_call *c)
{
	return !guard_origin_has_origin(c->x) || guard_origin_is_own(c->x)
	    ? GUARD_NEXT
	    : guard_origin_refuse(c);
}

int
guard_cors_headers(const struct api *api, const struct http_exchange *x, struct buf *out)
{
	struct slice origin = http_header(x->req, "origin");

	/* Also without an Origin: caches must not reuse this answer for requests that have one. */
	if (buf_append_str(out, "Vary: Origin\r\n") == -1)
		return -1;
	if (origin.p == NULL || !guard_origin_is_allowed(api, x))
		return 0;
	return buf_printf(out,
	    "Access-Control-Allow-Origin: %.*s\r\n"
	    "Access-Control-Expose-Headers: " CORS_EXPOSED "\r\n",
	    (int)origin.len, (const char *)origin.p);
}

static bool
guard_is_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(byte_class[s.p[i]] & BYTE_TOKEN))
			return false;
	return s.len > 0;
}

static bool
guard_are_names(struct slice list)
{
	struct slice name;
	size_t count = 0;

	if (list.len > CORS_ASKED_BYTES)
		return false;
	while (header_list_next(&list, &name))
		if (++count > CORS_ASKED_NAMES || !guard_is_name(name))
			return false;
	return count > 0;
}

void
guard_preflight(struct http_exchange *x)
{
	struct slice asked = http_header(x->req, "access-control-request-headers");

	reply_start(x, 204);
	reply_header_str(x, "Access-Control-Allow-Methods", CORS_METHODS);
	reply_header_str(x, "Access-Control-Allow-Headers", CORS_HEADERS);
	if (guard_are_names(asked))
		reply_header(x, "Access-Control-Allow-Headers", asked);
	reply_header_str(x, "Access-Control-Max-Age", "600");
	reply_empty(x);
}

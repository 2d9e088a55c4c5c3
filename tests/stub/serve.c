#include "tests/stub/serve.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "tests/stub/call.h"

struct request {
	struct service *service;
	const struct http_reader *reader;
	struct answer_about about;
	struct bytes *out;
	struct chat *chat; /* a chat that a handler started, sent step by step */
};

typedef void handler(struct request *);

static void
serve_refuse(struct request *q, const struct api_error *error)
{
	answer_error(q->out, error, &q->about);
}

static void
serve_answer_body(struct request *q, struct bytes *body)
{
	answer_json(q->out, 200, bytes_span(body), &q->about);
	bytes_clear(body);
}

/* Checks "Bearer key" (RFC 6750, 2.1): 0, or -1 with a 401 in error. */
static int
serve_check_key(const struct request *q, struct api_error *error)
{
	struct span value = http_reader_field(q->reader, HTTP_AUTHORIZATION);
	const char *key = q->service->key;

	if (value.len <= 7 || strncasecmp(value.p, "Bearer ", 7) != 0) {
		api_error_set(error, 401,
		    "You didn't provide an API key: send 'Authorization: Bearer KEY'.");
		return -1;
	}
	value = span_from(value, 7);
	if (key == NULL || span_eq_str(value, key))
		return 0;
	api_error_set(error, 401, "Incorrect API key provided (%zu characters).", value.len);
	error->code = "invalid_api_key";
	return -1;
}

static void
serve_keep_field(const struct http_reader *r, enum http_field f, struct bytes *to)
{
	bytes_reset(to, 1024);
	bytes_add_span(to, http_reader_field(r, f));
}

static void
serve_keep_last(struct stats *st, const struct http_reader *r)
{
	struct span path = http_reader_path(r);

	st->last.valid = true;
	st->last.json = false;
	st->last.authorization = http_reader_field(r, HTTP_AUTHORIZATION).len;
	serve_keep_field(r, HTTP_ACCEPT, &st->last.accept);
	serve_keep_field(r, HTTP_CONTENT_TYPE, &st->last.content_type);
	serve_keep_field(r, HTTP_USER_AGENT, &st->last.user_agent);
	bytes_reset(&st->last.path, 1024);
	bytes_add_span(&st->last.path, path);
	bytes_reset(&st->last.body, (size_t)1 << 20);
	bytes_add_span(&st->last.body, http_reader_body(r));
}

/* The script of this message: the defaults, changed by its directives. */
static int
serve_read_script(const struct service *s, struct span message, struct script *script,
    struct bytes *bare, struct api_error *error)
{
	char why[128];
	struct span words;

	script_copy(script, &s->defaults);
	if (!script_find(message, &words, bare) ||
	    script_parse(script, words, why, sizeof(why)) == 0)
		return 0;
	api_error_set(error, 400, "%s.", why);
	error->code = "bad_directive";
	return -1;
}

/* Like servers that refuse unknown arguments. */
static bool
serve_refuses_arguments(
    const struct call *call, const struct script *script, struct api_error *error)
{
	if (script->no_stream_options == SCRIPT_UNSET || !call->include_usage)
		return false;
	api_error_set(error, (int)script->no_stream_options,
	    "Unrecognized request argument supplied: stream_options");
	error->param = "stream_options";
	return true;
}

/* Handles a call with a valid body. */
static struct chat *
serve_start_chat(struct request *q, const struct call *call, struct api_error *error)
{
	struct service *s = q->service;
	struct span message = bytes_span(&call->message);
	struct bytes bare = {0};
	struct script script;
	struct chat *chat = NULL;

	stats_add_message(&s->stats, message);
	if (serve_read_script(s, message, &script, &bare, error) == 0 &&
	    !serve_refuses_arguments(call, &script, error)) {
		if (script.fail != 0 && script.fail_times != SCRIPT_UNSET &&
		    !stats_fails(&s->stats, message, script.fail_times))
			script.fail = 0;
		chat = chat_new(&s->stats, call, &script, bytes_span(&bare), &q->about, error);
		if (chat != NULL && chat->script.echo_key)
			bytes_add_span(&chat->authorization,
			    http_reader_field(q->reader, HTTP_AUTHORIZATION));
	}
	script_clear(&script);
	bytes_clear(&bare);
	return chat;
}

static void
serve_chat_completions(struct request *q)
{
	struct stats *st = &q->service->stats;
	struct api_error error;
	struct call call = {0};

	q->about.id = ++q->service->last_id;
	serve_keep_last(st, q->reader);
	if (serve_check_key(q, &error) == 0 &&
	    call_read(&call, http_reader_body(q->reader), &error) == 0) {
		st->last.json = true;
		q->chat = serve_start_chat(q, &call, &error);
	}
	call_clear(&call);
	if (q->chat != NULL)
		return;
	stats_end(st, stats_begin(st), STATS_FAILED);
	serve_refuse(q, &error);
}

static void
serve_models(struct request *q)
{
	struct api_error error;
	struct bytes body = {0};

	if (serve_check_key(q, &error) == -1) {
		serve_refuse(q, &error);
		return;
	}
	bytes_add_str(&body,
	    "{\"object\":\"list\",\"data\":[{\"id\":\"banter-demo\",\"object\":\"model\","
	    "\"created\":1700000000,\"owned_by\":\"banter\"}]}");
	serve_answer_body(q, &body);
}

static void
serve_stub_stats(struct request *q)
{
	struct bytes body = {0};

	stats_write(&q->service->stats, &body);
	serve_answer_body(q, &body);
}

static void
serve_stub_last(struct request *q)
{
	struct bytes body = {0};

	stats_write_last(&q->service->stats, &body);
	serve_answer_body(q, &body);
}

static void
serve_stub_reset(struct request *q)
{
	struct bytes body = {0};

	stats_reset(&q->service->stats);
	bytes_add_str(&body, "{\"ok\":true}");
	serve_answer_body(q, &body);
}

static int
serve_hex_value(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	if (at == NULL)
		return -1;
	return at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* Decodes a form-encoded query value: %XX, and + for a space. */
static void
serve_add_decoded(struct bytes *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i] == '+' ? ' ' : s.p[i];

		if (c == '%' && i + 2 < s.len && serve_hex_value(s.p[i + 1]) >= 0 &&
		    serve_hex_value(s.p[i + 2]) >= 0) {
			c = (char)(serve_hex_value(s.p[i + 1]) * 16 +
			    serve_hex_value(s.p[i + 2]));
			i += 2;
		}
		bytes_add(out, &c, 1);
	}
}

/* Reads ?contains=TEXT, which selects messages: 0, or -1 after an error response if it is
 * missing. */
static int
serve_read_part(struct request *q, struct bytes *part)
{
	static const char name[] = "contains=";
	struct span query = http_reader_query(q->reader);
	struct api_error error;

	/* Every message contains the empty text: releasing it would release all future ones. */
	if (query.len <= strlen(name) || memcmp(query.p, name, strlen(name)) != 0) {
		api_error_set(&error, 400, "Select messages with ?contains=TEXT");
		serve_refuse(q, &error);
		return -1;
	}
	serve_add_decoded(part, span_from(query, strlen(name)));
	return 0;
}

static void
serve_stub_calls(struct request *q)
{
	struct bytes part = {0}, body = {0};

	if (serve_read_part(q, &part) == -1)
		return;
	bytes_addf(&body, "{\"count\":%" PRIu64 "}",
	    stats_count_messages(&q->service->stats, bytes_span(&part)));
	bytes_clear(&part);
	serve_answer_body(q, &body);
}

static void
serve_stub_release(struct request *q)
{
	struct bytes part = {0}, body = {0};

	if (serve_read_part(q, &part) == -1)
		return;
	stats_release(&q->service->stats, bytes_span(&part));
	bytes_clear(&part);
	bytes_add_str(&body, "{\"ok\":true}");
	serve_answer_body(q, &body);
}

static const struct route {
	const char *method;
	const char *path;
	handler *handler;
} routes[] = {
    {"POST", "/v1/chat/completions", serve_chat_completions},
    {"POST", "/chat/completions", serve_chat_completions},
    {"GET", "/v1/models", serve_models},
    {"GET", "/models", serve_models},
    {"GET", "/stub/stats", serve_stub_stats},
    {"GET", "/stub/last", serve_stub_last},
    {"GET", "/stub/calls", serve_stub_calls},
    {"POST", "/stub/release", serve_stub_release},
    {"POST", "/stub/reset", serve_stub_reset},
};

struct chat *
serve_request(struct service *s, const struct http_reader *r, struct bytes *out)
{
	struct span method = http_reader_field(r, HTTP_METHOD), path = http_reader_path(r);
	struct request q = {.service = s, .reader = r, .out = out};
	struct api_error error;

	q.about = (struct answer_about){.retry_after = UINT32_MAX, .close = r->close};
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!span_eq_str(path, routes[i].path))
			continue;
		if (span_eq_str(method, routes[i].method)) {
			routes[i].handler(&q);
			return q.chat;
		}
		q.about.allow = routes[i].method;
	}
	if (q.about.allow != NULL) {
		api_error_set(&error, 405, "Not allowed to %.*s on %.*s.", (int)method.len,
		    method.p, (int)path.len, path.p);
		error.code = "method_not_supported";
	} else {
		api_error_set(&error, 404, "Invalid URL (%.*s %.*s)", (int)method.len, method.p,
		    (int)path.len, path.p);
	}
	serve_refuse(&q, &error);
	return NULL;
}

void
serve_bad(const struct http_reader *r, struct bytes *out)
{
	const struct answer_about about = {.retry_after = UINT32_MAX, .close = true};
	struct api_error error;

	api_error_set(&error, r->status, "Malformed request: %s.", r->reason);
	answer_error(out, &error, &about);
}

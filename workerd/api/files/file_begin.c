/*
 * POST /v1/chat/files, /api/widget/{id}/files, /v1/channels/{id}/files and /v1/admin/files: announces a file, and returns its id and
 * the token with which its bytes are sent (file_upload.c).
 */
#include "workerd/api/files/file_begin.h"

#include <jansson.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/hex.h"
#include "proto/base/utf8.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/files/file_handlers.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/widget/widget_settings.h"
#include "workerd/api/widget/widget_visit.h"
#include "workerd/files/file_kinds.h"
#include "workerd/files/file_links.h"
#include "workerd/files/file_names.h"

#define ANSWER_MAX 2048u
#define NAME_UNITS 10000u /* of a name that is shortened; longer ones are refused */
#define SHARE_UNIT (1024u * 1024)

#define SHARE_AGAIN "600" /* seconds before an address may announce more */

struct begin_query {
	struct store_query q;
	struct widget_visit visit; /* of a visitor of a widget */
	struct msg_file_begin begin;
	char name[FILE_NAME_SIZE], session[CLIENT_ID_MAX + 1];
	unsigned kinds;
};

/* What a body announces. */
struct announced {
	char name[FILE_NAME_SIZE];
	uint32_t total;
	struct hash256 expected;
};

static const struct store_refusal refusals[] = {
    {STORE_GONE, 404, "session_not_found", "The session is unknown: begin a new one"},
    {STORE_LIMIT, 507, "files_full", "There is no room for more files"},
    {STORE_BUSY, 429, "too_many_files", "Send the files that were uploaded, or wait"},
    {STORE_BLOCKED, 403, "blocked", "You cannot write in this chat any more"},
    {.status = 0},
};

/* Of files whose ids the client has chosen. */
static const struct store_refusal named_refusals[] = {
    {STORE_INVALID, 409, "id_conflict", "This id was already used for another file"},
    {STORE_LIMIT, 507, "files_full", "There is no room for more files"},
    {STORE_BUSY, 429, "too_many_files", "Send the files that were uploaded, or wait"},
    {.status = 0},
};

static bool
file_begin_read_hash(const json_t *value, struct hash256 *hash)
{
	const struct slice text = json_read_string(value);

	if (value == NULL || json_is_null(value))
		return true;
	if (text.len != 2 * sizeof(hash->b))
		return false;
	for (size_t i = 0; i < sizeof(hash->b); i++) {
		const int byte = hex_value2(text.p + 2 * i);

		if (byte == -1)
			return false;
		hash->b[i] = (uint8_t)byte;
	}
	return true;
}

/* Returns what is wrong, or NULL. */
static const char *
file_begin_read(const json_t *body, struct announced *a)
{
	const json_t *bytes = json_object_get(body, "bytes");
	const struct slice name = json_read_member(body, "name");

	*a = (struct announced){.total = 0};
	if (name.p == NULL || name.len == 0 || utf8_utf16_len(name) > NAME_UNITS)
		return "name must be a string of 1 to 10000 characters";
	if (!json_is_integer(bytes) || json_integer_value(bytes) < 1 ||
	    json_integer_value(bytes) > UINT32_MAX)
		return "bytes must be a whole number from 1 on";
	if (!file_begin_read_hash(json_object_get(body, "sha256"), &a->expected))
		return "sha256 must be 64 hexadecimal digits";
	file_name_clean(name, a->name);
	a->total = (uint32_t)json_integer_value(bytes);
	return NULL;
}

static void
file_begin_on_begun(void *arg, uint16_t type, const union msg *m)
{
	struct begin_query *b = arg;
	struct json_writer *j = &b->q.json;
	char token[FILE_TOKEN_SIZE];

	if (type != MSG_FILE_STATE) {
		store_query_fail(&b->q, type, m);
		return;
	}
	file_token_make(&b->begin.file, b->kinds, token);
	json_write_open(j, NULL, '{');
	json_write_id(j, "id", &b->begin.file);
	json_write_str(j, "token", slice_str(token));
	json_write_str(j, "name", slice_str(b->name));
	json_write_uint(j, "bytes", b->begin.total);
	json_write_uint(j, "offset", m->file_state.received);
	json_write_close(j, '}');
	store_query_reply_status(&b->q, 201);
}

static void
file_begin_ask(struct begin_query *b)
{
	if (b->kinds == 0) {
		store_query_refuse(
		    &b->q, 403, "files_off", "This widget does not accept files");
		return;
	}
	if (!file_link_is_known()) {
		store_query_fail(&b->q, 0, NULL);
		return;
	}
	if (id_is_zero(&b->begin.file))
		b->begin.file = id_new();
	b->begin.name = slice_str(b->name);
	b->begin.session = slice_str(b->session);
	store_query_ask(&b->q, MSG_FILE_BEGIN, &b->begin, file_begin_on_begun);
}

/* Whether an address, or a person of a channel, may announce so many bytes more: it pays for each MiB. */
static bool
file_begin_pays(const struct api_call *c, struct slice payer, uint32_t bytes)
{
	const uint64_t most = c->api->settings->files_address_max_bytes / SHARE_UNIT;
	const struct ratelimit_rule rule = {
	    "files", most > UINT32_MAX ? UINT32_MAX : (uint32_t)most, CLOCK_HOUR_MS};

	for (uint32_t n = 0; most > 0 && n < (bytes + SHARE_UNIT - 1) / SHARE_UNIT; n++)
		if (!ratelimit_take(&c->api->board->rates, &rule, payer, clock_mono_ns())
			 .allowed)
			return false;
	return true;
}

/* Refuses a file that is too large, or one more of who pays for it (p NULL: nobody does). */
static bool
file_begin_is_admitted(const struct api_call *c, const struct announced *a, struct slice payer)
{
	const uint64_t most = c->api->settings->files_each_max_bytes;

	if (a->total > most) {
		reply_start(c->x, 413);
		reply_header_fmt(c->x, "Upload-Max-Bytes", "%llu", (unsigned long long)most);
		reply_error_body(c->x, "file_too_large", "The file is too large");
		return false;
	}
	/* Nobody pays for what would fail. */
	if (!file_link_is_known()) {
		api_reply_store_failure(c->x, 0, NULL);
		return false;
	}
	if (payer.p != NULL && !file_begin_pays(c, payer, a->total)) {
		reply_start(c->x, 429);
		reply_header_str(c->x, "Retry-After", SHARE_AGAIN);
		reply_error_body(c->x, "rate_limited", "Too many bytes of files in an hour");
		return false;
	}
	return true;
}

/* Reads the body. NULL: it was refused. */
static struct begin_query *
file_begin_new(const struct api_call *c, const json_t *body, struct slice payer)
{
	struct announced a;
	const char *wrong = file_begin_read(body, &a);
	struct begin_query *b;

	if (wrong != NULL) {
		api_reply_invalid_body(c, wrong);
		return NULL;
	}
	if (!file_begin_is_admitted(c, &a, payer))
		return NULL;
	b = store_query_new(c, sizeof(*b), ANSWER_MAX, "Widget not found");
	b->q.refusals = refusals;
	b->begin = (struct msg_file_begin){.org = c->org,
	    .widget = c->widget,
	    .total = a.total,
	    .expected = a.expected,
	    .sender = ip_client_prefix(&request_context_of(c->x)->client.address)};
	memcpy(b->name, a.name, sizeof(b->name));
	return b;
}

static struct slice
file_begin_address(const struct api_call *c)
{
	return ip_client_prefix(&request_context_of(c->x)->client.address);
}

static void
file_begin_on_opened(void *arg, uint16_t type, const union msg *m)
{
	struct begin_query *b = arg;

	if (widget_visit_goes_on(&b->q, &b->visit, type, m, file_begin_on_opened))
		return;
	if (!widget_visit_opened(&b->visit, type, m)) {
		store_query_fail(&b->q, type, m);
		return;
	}
	must(slice_copy_text(slice_str(b->visit.session), b->session, sizeof(b->session)));
	b->begin.visitor = b->visit.token;
	b->begin.vouched = b->visit.vouched;
	file_begin_ask(b);
}

void
handle_widget_file_begin(const struct api_call *c)
{
	json_t *body = json_read_object(c->x->body);
	struct msg_widget_record widget;
	struct widget_visit visit;
	struct begin_query *b;

	if (!widget_visit_begin(c, &visit)) {
		json_decref(body);
		return;
	}
	must(record_decode(c->widget_record, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	b = file_begin_new(c, body, file_begin_address(c));
	json_decref(body);
	if (b == NULL)
		return;
	b->kinds = widget_settings_files(&widget);
	b->visit = visit;
	widget_visit_return(&b->q, &b->visit, file_begin_on_opened);
}

static void
file_begin_on_widget(void *arg, uint16_t type, const union msg *m)
{
	struct begin_query *b = arg;
	struct msg_widget_record widget;

	if (!msg_read_record(type, m, MSG_WIDGET_RECORD, &widget)) {
		store_query_fail(&b->q, type, m);
		return;
	}
	b->kinds = widget_settings_files(&widget);
	file_begin_ask(b);
}

void
file_begin_of_session(
    const struct api_call *c, const json_t *body, const struct file_sender *from)
{
	const struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .org = c->org, .id = c->widget};
	struct begin_query *b = file_begin_new(c, body, from->payer);

	if (b == NULL)
		return;
	must(slice_copy_text(from->session, b->session, sizeof(b->session)));
	b->begin.file = from->file;
	if (!id_is_zero(&from->file))
		b->q.refusals = named_refusals;
	store_query_ask(&b->q, MSG_RECORD_GET, &get, file_begin_on_widget);
}

void
handle_chat_file(const struct api_call *c)
{
	struct chat_body body;
	const char *wrong = chat_body_read_session(c->x->body, &body);

	if (wrong != NULL) {
		api_reply_invalid_body(c, wrong);
		return;
	}
	file_begin_of_session(c, body.json,
	    &(struct file_sender){.session = body.session, .payer = file_begin_address(c)});
	chat_body_clear(&body);
}

void
handle_admin_file(const struct api_call *c)
{
	json_t *body = json_read_object(c->x->body);
	struct begin_query *b = file_begin_new(c, body, (struct slice){0});

	json_decref(body);
	if (b == NULL)
		return;
	b->kinds = FILE_KINDS_ALL;
	file_begin_ask(b);
}

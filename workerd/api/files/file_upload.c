/*
 * PATCH, HEAD, PUT and DELETE of /v1/files/{id} with the token of an upload: sends the bytes of a file from the offset on that is
 * stored, says where that is, describes the file, and gives it up. A body goes to the store in pieces of 64 KiB, each when the one before is
 * stored; what does not fill a piece is not stored unless it ends the file.
 */
#include <jansson.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/files/file_handlers.h"
#include "workerd/api/files/file_lane.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/connection_limit.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/request/store_query.h"
#include "workerd/files/file_kinds.h"
#include "workerd/files/file_links.h"
#include "workerd/files/file_names.h"
#include "workerd/http/body.h"

#define ANSWER_MAX     4096u
#define PIECE_BYTES    65536u /* as in FILE_APPEND */
#define FILE_TYPE_SIZE 101    /* as in FILE_STATE, with its NUL */

/* Seconds before an address may send one more file. */
#define LANE_AGAIN "2"

/* UTF-16 units of a description, and bytes: FILE_DESCRIBE. */
#define DESCRIPTION_UNITS 300u
#define DESCRIPTION_MAX   900u

struct upload_query {
	struct store_query q;
	struct file_upload upload;
	struct id file;
	unsigned kinds;
	enum file_kind kind;
	uint64_t announced; /* where the client says that its bytes begin */
	uint32_t offset, total;
	char type[FILE_TYPE_SIZE]; /* of the stored bytes */
	size_t len;
	uint8_t piece[PIECE_BYTES];
};

static void file_upload_on_piece(void *arg, struct slice piece);

static void
file_upload_cancel_nothing(void *unused)
{
	(void)unused;
}

static void
file_upload_on_end(struct store_query *q)
{
	file_lane_leave(&((struct upload_query *)q)->upload);
}

/* Remembers what is stored. */
static void
file_upload_note(struct upload_query *u, const struct msg_file_state *state)
{
	u->offset = state->received;
	must(slice_copy_text(state->type, u->type, sizeof(u->type)));
}

/* Ends the request with an error that says where the upload is. */
static void
file_upload_refuse_at(struct upload_query *u, int status, const char *code, const char *message)
{
	const uint32_t offset = u->offset;
	struct http_exchange *x = store_query_done(&u->q);

	reply_start(x, status);
	reply_header_fmt(x, "Upload-Offset", "%u", offset);
	reply_error_body(x, code, message);
}

static void
file_upload_reply(struct upload_query *u)
{
	struct buf *line = api_scratch(u->q.api);
	struct json_writer j = json_writer(line);
	const uint32_t offset = u->offset;
	char link[FILE_LINK_SIZE];
	struct http_exchange *x;

	json_write_open(&j, NULL, '{');
	json_write_id(&j, "id", &u->file);
	json_write_uint(&j, "offset", offset);
	json_write_uint(&j, "bytes", u->total);
	json_write_bool(&j, "complete", offset == u->total);
	if (offset == u->total && file_link_make(&u->file, clock_wall_ms(), link)) {
		json_write_str(&j, "type", slice_str(u->type));
		json_write_str(&j, "url", slice_str(link));
	}
	json_write_close(&j, '}');
	must(!j.failed);
	x = store_query_done(&u->q);
	reply_start(x, 200);
	reply_header_fmt(x, "Upload-Offset", "%u", offset);
	reply_header_str(x, "Cache-Control", "no-store");
	reply_body(x, "application/json; charset=utf-8", buf_slice(line));
}

/* The content is of no kind that is allowed: the file is removed. */
static void
file_upload_refuse_kind(struct upload_query *u)
{
	const struct msg_file_remove remove = {.file = u->file};
	struct json_writer *j = &u->q.json;

	(void)!store_call(
	    u->q.api->store, MSG_FILE_REMOVE, &remove, STORE_TIMEOUT_MS, NULL, NULL);
	json_write_open(j, NULL, '{');
	json_write_str(j, "error", slice_str("Files of this type are not accepted"));
	json_write_str(j, "code", slice_str("unsupported_type"));
	json_write_open(j, "allowed", '[');
	for (enum file_kind k = 0; k < FILE_KINDS; k++)
		if (u->kinds & 1u << k)
			json_write_str(j, NULL, slice_str(file_kind_name(k)));
	json_write_close(j, ']');
	json_write_close(j, '}');
	store_query_reply_status(&u->q, 415);
}

/* Waits for the next piece of the body, or ends. */
static void
file_upload_take(struct upload_query *u)
{
	const uint64_t left = http_body_left(u->q.x);

	if (left == 0) {
		file_upload_reply(u);
		return;
	}
	store_query_wait(&u->q, NULL, file_upload_cancel_nothing);
	http_body_take(
	    u->q.x, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES, file_upload_on_piece, u);
}

static void
file_upload_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct upload_query *u = arg;

	file_lane_landed(&u->upload);
	if (type != MSG_FILE_STATE) {
		store_query_fail(&u->q, type, m);
		return;
	}
	if (m->file_state.total == 0) {
		store_query_refuse(&u->q, 422, "wrong_checksum",
		    "The file does not have the SHA-256 that was announced: it was removed");
		return;
	}
	if (m->file_state.received != u->offset + u->len) {
		u->offset = m->file_state.received;
		file_upload_refuse_at(
		    u, 409, "wrong_offset", "Another request sends this file");
		return;
	}
	file_upload_note(u, &m->file_state);
	file_upload_take(u);
}

static void
file_upload_go(struct file_upload *upload)
{
	struct upload_query *u =
	    (struct upload_query *)((char *)upload - offsetof(struct upload_query, upload));
	struct msg_file_append append = {
	    .file = u->file, .offset = u->offset, .piece = {u->piece, u->len}};

	if (u->offset == 0)
		append.type = slice_str(file_kind_type(u->kind));
	store_query_ask(&u->q, MSG_FILE_APPEND, &append, file_upload_on_stored);
}

static void
file_upload_on_piece(void *arg, struct slice piece)
{
	struct upload_query *u = arg;

	if (piece.p == NULL) {
		store_query_refuse(
		    &u->q, 408, "request_timeout", "The request took too long to arrive");
		return;
	}
	/* The rest of a body that was cut for a slow line: the client sends it again. */
	if (piece.len < PIECE_BYTES && u->offset + piece.len < u->total) {
		file_upload_reply(u);
		return;
	}
	if (u->offset == 0) {
		u->kind = file_kind_of(piece, piece.len == u->total);
		if (u->kind == FILE_KINDS || (u->kinds & 1u << u->kind) == 0) {
			file_upload_refuse_kind(u);
			return;
		}
	}
	must(slice_copy(piece, u->piece, sizeof(u->piece)));
	u->len = piece.len;
	file_lane_want(&u->upload, file_upload_go);
}

static void
file_upload_on_state(void *arg, uint16_t type, const union msg *m)
{
	struct upload_query *u = arg;

	if (type != MSG_FILE_STATE) {
		store_query_fail(&u->q, type, m);
		return;
	}
	file_upload_note(u, &m->file_state);
	u->total = m->file_state.total;
	if (u->announced != u->offset)
		file_upload_refuse_at(
		    u, 409, "wrong_offset", "Upload-Offset is not where the stored bytes end");
	else if (http_body_left(u->q.x) > u->total - u->offset)
		file_upload_refuse_at(
		    u, 413, "too_many_bytes", "The body ends behind the announced bytes");
	else
		file_upload_take(u);
}

/* The file of a request with a valid token. NULL: it was refused. */
static struct upload_query *
file_upload_new(const struct api_call *c)
{
	const struct slice token = http_header(c->x->req, "upload-token");
	struct upload_query *u;
	unsigned kinds;
	struct id file;

	if (!api_path_id(c, "Invalid file id", &file))
		return NULL;
	if (!file_link_is_known()) {
		api_reply_store_failure(c->x, 0, NULL);
		return NULL;
	}
	kinds = file_token_check(&file, token);
	if (kinds == 0) {
		reply_json_error(
		    c->x, 403, "invalid_token", "Upload-Token is not the token of this file");
		return NULL;
	}
	u = store_query_new(c, sizeof(*u), ANSWER_MAX, "File not found");
	u->q.on_end = file_upload_on_end;
	u->file = file;
	u->kinds = kinds;
	return u;
}

static bool
file_upload_enter(const struct api_call *c, struct upload_query *u)
{
	const uint64_t source =
	    connection_limit_key(c->api, &request_context_of(c->x)->client.address);
	const enum lane_refusal refusal =
	    file_lane_enter(c->api->file_lane, &u->upload, source);
	struct http_exchange *x;

	if (refusal == LANE_OK)
		return true;
	x = store_query_done(&u->q);
	reply_start(x, refusal == LANE_OF_ADDRESS ? 429 : 503);
	reply_header_str(x, "Retry-After", LANE_AGAIN);
	if (refusal == LANE_OF_ADDRESS)
		reply_error_body(
		    x, "too_many_uploads", "Too many files are sent at the same time");
	else
		reply_error_body(x, "overloaded", "The service is busy, please try again");
	return false;
}

void
handle_file_patch(const struct api_call *c)
{
	const struct slice offset = http_header(c->x->req, "upload-offset");
	struct upload_query *u;
	uint64_t announced;

	if (offset.p == NULL || !parameter_digits(offset, 10, &announced)) {
		api_reply_invalid(c, "Invalid Upload-Offset",
		    "Upload-Offset must be a header with where the bytes of the body begin in "
		    "the file");
		return;
	}
	u = file_upload_new(c);
	if (u == NULL || !file_upload_enter(c, u))
		return;
	u->announced = announced;
	store_query_ask(
	    &u->q, MSG_FILE_GET, &(struct msg_file_get){.file = u->file}, file_upload_on_state);
}

static void
file_upload_on_asked(void *arg, uint16_t type, const union msg *m)
{
	struct upload_query *u = arg;
	struct http_exchange *x;

	if (type != MSG_FILE_STATE) {
		store_query_fail(&u->q, type, m);
		return;
	}
	x = store_query_done(&u->q);
	reply_start(x, 200);
	reply_header_fmt(x, "Upload-Offset", "%u", m->file_state.received);
	reply_header_fmt(x, "Upload-Length", "%u", m->file_state.total);
	reply_header_str(x, "Cache-Control", "no-store");
	reply_empty(x);
}

/* Of a file that can be downloaded, the header of the download. */
void
handle_file_head(const struct api_call *c)
{
	struct upload_query *u;

	if (http_header(c->x->req, "upload-token").p == NULL) {
		handle_file_download(c);
		return;
	}
	u = file_upload_new(c);
	if (u != NULL)
		store_query_ask(&u->q, MSG_FILE_GET, &(struct msg_file_get){.file = u->file},
		    file_upload_on_asked);
}

static void
file_upload_on_accepted(void *arg, uint16_t type, const union msg *m)
{
	struct upload_query *u = arg;

	if (type == MSG_OK)
		store_query_reply_empty(&u->q);
	else
		store_query_fail(&u->q, type, m);
}

void
handle_file_delete(const struct api_call *c)
{
	struct upload_query *u = file_upload_new(c);

	if (u != NULL)
		store_query_ask(&u->q, MSG_FILE_REMOVE,
		    &(struct msg_file_remove){.file = u->file}, file_upload_on_accepted);
}

/* The description of a body; p NULL: it is invalid. */
static struct slice
file_description_read(const json_t *body, struct buf *clean)
{
	const struct slice text = json_read_member(body, "description");

	if (text.p == NULL || utf8_utf16_len(text) > DESCRIPTION_UNITS)
		return (struct slice){0};
	file_description_clean(text, clean);
	return buf_len(clean) == 0 ? slice_str("") : buf_slice(clean);
}

void
handle_file_description(const struct api_call *c)
{
	json_t *body = json_read_object(c->x->body);
	struct msg_file_describe describe;
	struct upload_query *u;
	struct buf clean;

	buf_init(&clean, DESCRIPTION_MAX);
	describe.description = file_description_read(body, &clean);
	if (describe.description.p == NULL) {
		api_reply_invalid_body(
		    c, "description must be a string of at most 300 characters");
	} else {
		u = file_upload_new(c);
		if (u != NULL) {
			describe.file = u->file;
			store_query_ask(
			    &u->q, MSG_FILE_DESCRIBE, &describe, file_upload_on_accepted);
		}
	}
	buf_clear(&clean);
	json_decref(body);
}

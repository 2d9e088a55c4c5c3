/*
 * GET /v1/files/{id}: a file by its signed address, which alone authorizes: cookies and keys are ignored. A browser saves
 * it, and would run nothing of it; only a picture that mediad has made is shown. Until it is made, nobody gets a picture.
 */
#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/files/file_handlers.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/files/file_links.h"
#include "workerd/files/file_names.h"
#include "workerd/http/message/negotiate.h"

/* The next piece is read when fewer bytes wait for the client; otherwise this is checked again after ROOM_WAIT_MS. */
#define ROOM_BYTES   (128u * 1024)
#define ROOM_WAIT_MS 20

#define DISPOSITION_MAX 1024u
#define ANSWER_MAX      512u

/* When a picture that is being checked is asked for again, in seconds: most take less than one. */
#define CHECKING_AGAIN "2"

/* ?size= of the small copy of a picture. */
#define SMALL_SIZE "320"

struct download {
	struct store_query q;
	struct id file;
	uint32_t at, end;
	bool is_head, small;
};

static void file_download_go_on(struct download *d);

static void
file_download_cancel_timer(void *timer)
{
	event_free(timer);
}

static void
file_download_cancel_nothing(void *unused)
{
	(void)unused;
}

static void file_download_wait(struct download *d);

static void
file_download_on_timer(int fd, short what, void *arg)
{
	struct download *d = arg;

	(void)fd;
	(void)what;
	event_free(d->q.pending);
	if (reply_stream_waiting(d->q.x) > ROOM_BYTES)
		file_download_wait(d);
	else
		file_download_go_on(d);
}

static void
file_download_wait(struct download *d)
{
	const struct timeval in = clock_timeval(ROOM_WAIT_MS);
	struct event *timer = evtimer_new(d->q.api->turns->base, file_download_on_timer, d);

	must(timer != NULL && evtimer_add(timer, &in) == 0);
	store_query_wait(&d->q, timer, file_download_cancel_timer);
}

static void
file_download_on_piece(void *arg, uint16_t type, const union msg *m)
{
	struct download *d = arg;
	struct slice piece = m == NULL ? (struct slice){0} : m->file_piece.piece;

	/* The file was removed meanwhile, or is damaged. */
	if (type != MSG_FILE_PIECE || piece.len == 0) {
		store_query_fail(&d->q, type, m);
		return;
	}
	if (piece.len > d->end - d->at)
		piece.len = d->end - d->at;
	d->at += (uint32_t)piece.len;
	if (reply_stream_write(d->q.x, piece) == -1)
		store_query_wait(&d->q, NULL, file_download_cancel_nothing);
	else if (d->at < d->end && reply_stream_waiting(d->q.x) > ROOM_BYTES)
		file_download_wait(d);
	else
		file_download_go_on(d);
}

static void
file_download_go_on(struct download *d)
{
	const struct msg_file_read read = {.file = d->file, .offset = d->at, .small = d->small};

	if (d->at < d->end && !d->is_head)
		store_query_ask(&d->q, MSG_FILE_READ, &read, file_download_on_piece);
	else
		reply_stream_end(store_query_done(&d->q));
}

/* A range of the file (RFC 9110, section 14.1.2). Several, or one that is invalid, are ignored. False: none of its bytes exists. */
static bool
file_download_range(struct slice range, uint32_t total, uint32_t *from, uint32_t *end)
{
	static const char unit[] = "bytes=";
	const size_t n = sizeof(unit) - 1;
	uint64_t first = 0, last = 0;
	const uint8_t *dash;
	struct slice a, b;

	*from = 0;
	*end = total;
	if (range.len <= n || memcmp(range.p, unit, n) != 0)
		return true;
	range = (struct slice){range.p + n, range.len - n};
	dash = memchr(range.p, '-', range.len);
	if (dash == NULL)
		return true;
	a = (struct slice){range.p, (size_t)(dash - range.p)};
	b = (struct slice){dash + 1, range.len - a.len - 1};
	if ((a.len > 0 && !parameter_digits(a, 10, &first)) ||
	    (b.len > 0 && !parameter_digits(b, 10, &last)) || a.len + b.len == 0)
		return true;
	if (a.len == 0) {
		*from = last < total ? total - (uint32_t)last : 0;
		return last > 0;
	}
	if (b.len > 0 && last < first)
		return true;
	if (first >= total)
		return false;
	*from = (uint32_t)first;
	if (b.len > 0 && last < total)
		*end = (uint32_t)last + 1;
	return true;
}

/* What every answer about the file has. */
static void
file_download_headers(
    struct http_exchange *x, const struct msg_file_state *file, const char *etag)
{
	struct buf disposition;

	buf_init(&disposition, DISPOSITION_MAX);
	file_name_disposition(file->name,
	    file->check == FILE_READY ? file_kind_typed(file->type) : FILE_KINDS, &disposition);
	reply_header(x, "Content-Disposition", buf_slice(&disposition));
	buf_clear(&disposition);
	reply_header_str(x, "Content-Security-Policy", "sandbox; default-src 'none'");
	reply_header_str(x, "Cross-Origin-Resource-Policy", "cross-origin");
	reply_header_str(x, "Cache-Control", "private, max-age=21600, immutable");
	reply_header_str(x, "Accept-Ranges", "bytes");
	reply_header_str(x, "ETag", etag);
}

static void
file_download_send(struct download *d, const struct msg_file_state *file)
{
	struct http_exchange *x = d->q.x;
	const struct slice range = http_header(x->req, "range");
	char text[SECRET_TOKEN_TEXT + 1], etag[SECRET_TOKEN_TEXT + 3], type[101];

	hash_format(&file->digest, text);
	(void)snprintf(etag, sizeof(etag), "\"%s\"", text);
	must(slice_copy_text(file->type, type, sizeof(type)));
	if (negotiate_etag_matches(http_header(x->req, "if-none-match"), slice_str(etag))) {
		x = store_query_done(&d->q);
		reply_start(x, 304);
		file_download_headers(x, file, etag);
		reply_empty(x);
		return;
	}
	if (!file_download_range(range, file->total, &d->at, &d->end)) {
		x = store_query_done(&d->q);
		reply_start(x, 416);
		reply_header_fmt(x, "Content-Range", "bytes */%u", file->total);
		reply_error_body(x, "invalid_range", "The file has no bytes of this range");
		return;
	}
	d->q.streams = true;
	if (d->end - d->at < file->total) {
		reply_start(x, 206);
		reply_header_fmt(
		    x, "Content-Range", "bytes %u-%u/%u", d->at, d->end - 1, file->total);
	} else {
		reply_start(x, 200);
	}
	file_download_headers(x, file, etag);
	reply_stream_begin(x, type);
	file_download_go_on(d);
}

static void
file_download_refuse_unchecked(struct download *d)
{
	struct http_exchange *x = store_query_done(&d->q);

	reply_start(x, 404);
	reply_header_str(x, "Retry-After", CHECKING_AGAIN);
	reply_error_body(x, "file_checking", "The picture is being checked, please try again");
}

/* With the reason, a member of its own. */
static void
file_download_refuse_picture(struct download *d, struct slice reason)
{
	struct json_writer *j = &d->q.json;

	json_write_open(j, NULL, '{');
	json_write_str(j, "error", slice_str("The picture cannot be shown, and was removed"));
	json_write_str(j, "code", slice_str("file_refused"));
	json_write_str(j, "reason", reason);
	json_write_close(j, '}');
	store_query_reply_status(&d->q, 410);
}

static void
file_download_on_state(void *arg, uint16_t type, const union msg *m)
{
	struct download *d = arg;

	if (type != MSG_FILE_STATE)
		store_query_fail(&d->q, type, m);
	else if (m->file_state.check == FILE_CHECKING)
		file_download_refuse_unchecked(d);
	else if (m->file_state.check == FILE_REFUSED)
		file_download_refuse_picture(d, m->file_state.reason);
	else if (m->file_state.received != m->file_state.total)
		store_query_refuse(&d->q, 404, "not_found", "File not found");
	else
		file_download_send(d, &m->file_state);
}

void
handle_file_download(const struct api_call *c)
{
	uint8_t until[PARAMETER_MAX], mac[PARAMETER_MAX], size[PARAMETER_MAX];
	const struct slice query = c->x->req->query;
	struct download *d;
	bool expired;
	struct id file;

	if (!api_path_id(c, "Invalid file id", &file))
		return;
	if (!file_link_is_known()) {
		api_reply_store_failure(c->x, 0, NULL);
		return;
	}
	if (!file_link_check(&file, parameter_read(query, "until", until),
		parameter_read(query, "mac", mac), clock_wall_ms(), &expired)) {
		reply_json_error(
		    c->x, 403, "invalid_address", "The address of the file is invalid");
		return;
	}
	if (expired) {
		reply_json_error(c->x, 410, "address_expired",
		    "The address of the file has expired: read the message again");
		return;
	}
	d = store_query_new(c, sizeof(*d), ANSWER_MAX, "File not found");
	d->file = file;
	d->is_head = c->x->method == HTTP_HEAD;
	d->small = slice_eq(parameter_read(query, "size", size), slice_str(SMALL_SIZE));
	store_query_ask(&d->q, MSG_FILE_GET,
	    &(struct msg_file_get){.file = file, .copy = d->small ? COPY_SMALL : COPY_SHOWN},
	    file_download_on_state);
}

/*
 * Request heads. Each is parsed whole and in the pieces that the input selects, each time from
 * memory of exactly that size that moves; the results must be equal to the last slice. An accepted
 * head is written again from its parts and must then parse to the same: nothing is lost.
 *
 * What follows an accepted head is decoded as a chunked body, whole, byte by byte and in these pieces;
 * the results must be equal. An accepted body is within its limit and decodes to itself when it is sent
 * as one chunk.
 *
 * The first byte selects the maximum size of a head and of a body ('x' 64, 'a' 128, …, 'g' 8192), the
 * next four the pieces.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/http/message/chunked.h"
#include "workerd/http/message/http_parse.h"

struct reading {
	enum http_result result;
	int status;
	size_t consumed;
	struct http_request req;
	struct http_header headers[HTTP_HEADERS_MAX];
	uint8_t *bytes; /* the memory of req's slices */
	size_t len;
};

/* Parses until there is a result or nothing is left. */
static void
read_head(struct reading *r, struct slice text, size_t max, struct fuzz_cuts cuts)
{
	struct slice rest = text, piece;
	struct http_parser p;

	*r = (struct reading){.result = HTTP_MORE};
	r->req.headers = r->headers;
	http_parser_init(&p, max);
	while (r->result == HTTP_MORE && fuzz_piece(&cuts, &rest, &piece)) {
		free(r->bytes);
		r->len += piece.len;
		r->bytes = fuzz_copy((struct slice){text.p, r->len});
		r->result = http_parse(
		    &p, (struct slice){r->bytes, r->len}, &r->req, &r->consumed, &r->status);
	}
}

/* The slices of a result lie in its bytes. */
static void
check_inside(const struct reading *r, struct slice s)
{
	if (s.p != NULL)
		must(s.p >= r->bytes && s.p <= r->bytes + r->len &&
		    s.len <= (size_t)(r->bytes + r->len - s.p));
	else
		must(s.len == 0);
}

/* Two slices of two results have the same position in the bytes. */
static void
check_same(const struct reading *a, struct slice s, const struct reading *b, struct slice t)
{
	check_inside(a, s);
	check_inside(b, t);
	must((s.p == NULL) == (t.p == NULL) && s.len == t.len);
	if (s.p != NULL)
		must(s.p - a->bytes == t.p - b->bytes);
}

static void
check_agree(const struct reading *a, const struct reading *b)
{
	const struct http_request *x = &a->req, *y = &b->req;

	must(a->result == b->result && a->status == b->status && a->consumed == b->consumed);
	if (a->result == HTTP_MORE)
		return;
	must(x->method == y->method && x->minor_version == y->minor_version);
	must(x->keep_alive == y->keep_alive && x->expect_continue == y->expect_continue);
	must(x->has_length == y->has_length && x->content_length == y->content_length);
	must(x->chunked == y->chunked);
	must(x->n_headers == y->n_headers && x->n_headers <= HTTP_HEADERS_MAX);
	check_same(a, x->method_text, b, y->method_text);
	check_same(a, x->target, b, y->target);
	check_same(a, x->host, b, y->host);
	check_same(a, x->path, b, y->path);
	check_same(a, x->query, b, y->query);
	for (size_t i = 0; i < x->n_headers; i++) {
		check_same(a, x->headers[i].name, b, y->headers[i].name);
		check_same(a, x->headers[i].value, b, y->headers[i].value);
	}
}

static void
put_str(struct buf *out, const char *s)
{
	fuzz_put(out, slice_str(s));
}

/* Writes the request line byte by byte; fields get one space after the colon. */
static void
write_head(struct buf *out, const struct http_request *req)
{
	fuzz_put(out, req->method_text);
	put_str(out, " ");
	fuzz_put(out, req->target);
	put_str(out, req->minor_version == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
	for (size_t i = 0; i < req->n_headers; i++) {
		fuzz_put(out, req->headers[i].name);
		put_str(out, ": ");
		fuzz_put(out, req->headers[i].value);
		put_str(out, "\r\n");
	}
	put_str(out, "\r\n");
}

static void
check_written_again(const struct reading *r)
{
	struct buf text, twice;
	struct reading again;

	buf_init(&text, 65536);
	buf_init(&twice, 65536);
	write_head(&text, &r->req);
	read_head(&again, buf_slice(&text), 65536, fuzz_whole);
	must(again.result == HTTP_OK && again.consumed == buf_len(&text));
	must(again.req.method == r->req.method && again.req.keep_alive == r->req.keep_alive);
	must(again.req.has_length == r->req.has_length);
	must(again.req.content_length == r->req.content_length);
	must(again.req.expect_continue == r->req.expect_continue);
	write_head(&twice, &again.req);
	must(slice_eq(buf_slice(&text), buf_slice(&twice)));
	free(again.bytes);
	buf_clear(&text);
	buf_clear(&twice);
}

/* Path and query are the end of the target, with only a question mark between them; before them is
 * nothing, or a scheme and the host. An empty path is the slash before the host. */
static void
check_target(const struct http_request *req)
{
	struct slice target = req->target, host = req->host;
	const uint8_t *end = target.p + target.len, *path_end = req->path.p + req->path.len;

	if (req->path.p == target.p) {
		must(slice_eq(host, http_header(req, "host")));
	} else {
		must(host.len > 0 && host.p > target.p + 6 && host.p[-1] == '/');
		must(req->path.p == host.p + host.len ||
		    (req->path.p == host.p - 1 && req->path.len == 1));
	}
	if (req->path.p < host.p && req->path.p > target.p)
		path_end = host.p + host.len;
	if (req->query.p == NULL)
		must(path_end == end);
	else
		must(path_end + 1 == req->query.p && req->query.p[-1] == '?' &&
		    req->query.p + req->query.len == end);
}

/* Required and forbidden parts of every accepted head (RFC 9112, sections 3.2 and 6). */
static void
check_accepted(const struct reading *r, size_t max)
{
	const struct http_request *req = &r->req;
	size_t hosts = 0, lengths = 0;

	must(r->consumed <= r->len && r->consumed <= max && r->consumed >= 4);
	must(memcmp(r->bytes + r->consumed - 4, "\r\n\r\n", 4) == 0);
	must(memchr(r->bytes, '\0', r->consumed) == NULL);
	must(req->path.len > 0 && (req->path.p[0] == '/' || req->method == HTTP_OPTIONS));
	for (size_t i = 0; i < req->n_headers; i++) {
		hosts += header_equals(req->headers[i].name, "host");
		lengths += header_equals(req->headers[i].name, "content-length");
	}
	must(hosts <= 1 && (hosts == 1 || req->minor_version == 0));
	must(lengths == (req->has_length ? 1 : 0));
	must(!req->chunked || (!req->has_length && req->minor_version == 1));
	must(req->chunked == header_equals(http_header(req, "transfer-encoding"), "chunked"));
	must(req->chunked || http_header(req, "transfer-encoding").p == NULL);
	check_target(req);
}

struct body_reading {
	struct chunked chunks;
	enum chunked_result result;
	int status;
	size_t taken;
	struct buf body;
};

static bool
take_chunks(void *arg, struct slice bytes)
{
	struct body_reading *r = arg;
	struct slice in = bytes, piece;

	while (
	    (r->result = chunked_read(&r->chunks, &in, &piece, &r->status)) == CHUNKED_PIECE) {
		must(piece.len > 0 && piece.p >= bytes.p && piece.p + piece.len == in.p);
		fuzz_put(&r->body, piece);
	}
	must(r->result != CHUNKED_MORE || in.len == 0);
	r->taken += bytes.len - in.len;
	return r->result == CHUNKED_MORE;
}

static void
decode(struct body_reading *r, struct slice in, struct fuzz_cuts cuts, size_t max)
{
	*r = (struct body_reading){.result = CHUNKED_MORE};
	buf_init(&r->body, in.len);
	chunked_init(&r->chunks, max, max);
	fuzz_feed(in, cuts, take_chunks, r);
	must(buf_len(&r->body) <= max);
}

/* The same body in one chunk. */
static void
check_one_chunk(struct slice body, size_t max)
{
	struct body_reading r;
	struct buf coded;

	buf_init(&coded, body.len + 32);
	if (body.len > 0)
		must(buf_printf(&coded, "%zX\r\n", body.len) == 0);
	fuzz_put(&coded, body);
	put_str(&coded, body.len > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n");
	decode(&r, buf_slice(&coded), fuzz_whole, max);
	must(r.result == CHUNKED_END && r.taken == buf_len(&coded));
	must(slice_eq(buf_slice(&r.body), body));
	buf_clear(&r.body);
	buf_clear(&coded);
}

/* The decoded bytes, and how and where it ended. arg: the maximum of the body. */
static void
read_body(struct buf *out, struct slice in, struct fuzz_cuts cuts, const void *arg)
{
	const size_t *max = arg;
	struct body_reading r;

	decode(&r, in, cuts, *max);
	if (r.result == CHUNKED_END)
		check_one_chunk(buf_slice(&r.body), *max);
	buf_init(out, in.len + 64);
	fuzz_put(out, buf_slice(&r.body));
	must(buf_printf(out, " %d %d at %zu", (int)r.result, r.status, r.taken) == 0);
	buf_clear(&r.body);
}

static void
check_body(struct slice rest, size_t max, struct fuzz_cuts cuts)
{
	struct buf result;

	fuzz_read_all_ways(&result, rest, cuts, read_body, &max);
	buf_clear(&result);
}

FUZZ(http_parse)
{
	size_t max = (size_t)64 << fuzz_byte(&in) % 8;
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct reading whole, split;

	read_head(&whole, in, max, fuzz_whole);
	read_head(&split, in, max, cuts);
	check_agree(&whole, &split);
	if (whole.result == HTTP_OK) {
		check_accepted(&split, max);
		check_written_again(&whole);
		check_body(
		    (struct slice){in.p + whole.consumed, in.len - whole.consumed}, max, cuts);
	}
	free(whole.bytes);
	free(split.bytes);
}

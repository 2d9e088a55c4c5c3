/*
 * The raw requests of tests/http/corpus.def, read by the parser: the outcome of each, and that it does
 * not depend on how the bytes arrive. Each case runs whole, cut in two at every place, and byte by
 * byte, each time from memory of exactly that size that moves between the calls.
 *
 * A reader stands for the connection here: it takes request after request, with their bodies, and
 * writes down all that it saw; two ways of cutting must give the same account.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/http/corpus.h"
#include "tests/unit/unit.h"
#include "workerd/http/message/chunked.h"
#include "workerd/http/message/http_parse.h"

#define HEAD_MAX 16384u
#define BODY_MAX (1024u * 1024)

/* Cases up to this are cut everywhere, longer ones there at both ends, and at each STEP between. */
#define EVERYWHERE 2000u
#define EDGE       200u
#define STEP       61u

struct reader {
	struct slice text;
	size_t at; /* what has been read up to here */
	bool kept; /* the connection stays open after this request */
	bool ended;
	struct http_parser parser;
	bool in_body, chunked;
	size_t left; /* of a body with a length */
	struct chunked chunks;
	struct buf outcomes; /* as in the corpus */
	struct buf account;
};

static void
note(struct reader *r, const char *outcome)
{
	must(buf_printf(&r->outcomes, buf_len(&r->outcomes) > 0 ? " %s" : "%s", outcome) == 0);
	r->ended = strcmp(outcome, "ok") != 0;
}

static void
note_status(struct reader *r, int status)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", status);
	note(r, text);
}

static void
put(struct reader *r, struct slice s)
{
	must(buf_append(&r->account, s.p, s.len) == 0 && buf_append(&r->account, "\n", 1) == 0);
}

static void
account_for(struct reader *r, const struct http_request *req)
{
	must(buf_printf(&r->account,
		 "%d HTTP/1.%d keep %d expect %d length %d %llu chunked %d query %d\n",
		 (int)req->method, req->minor_version, req->keep_alive, req->expect_continue,
		 req->has_length, (unsigned long long)req->content_length, req->chunked,
		 req->query.p != NULL) == 0);
	put(r, req->method_text);
	put(r, req->target);
	put(r, req->host);
	put(r, req->path);
	put(r, req->query);
	for (size_t i = 0; i < req->n_headers; i++) {
		put(r, req->headers[i].name);
		put(r, req->headers[i].value);
	}
}

static void
take_head(struct reader *r, const struct http_request *req, size_t head)
{
	if (req->content_length > BODY_MAX) {
		note(r, "413");
		return;
	}
	account_for(r, req);
	r->at += head;
	r->kept = req->keep_alive;
	r->in_body = true;
	r->chunked = req->chunked;
	r->left = (size_t)req->content_length;
	chunked_init(&r->chunks, BODY_MAX, HEAD_MAX);
}

/* What has come of this head or body up to n, in memory of exactly that size. */
static struct slice
copy_rest(const struct reader *r, size_t n)
{
	size_t len = n - r->at;
	uint8_t *bytes = malloc(len + (len == 0));

	assert_non_null(bytes);
	memcpy(bytes, r->text.p + r->at, len);
	return (struct slice){bytes, len};
}

/* False: more bytes are needed. */
static bool
parse_head(struct reader *r, size_t n)
{
	struct http_header headers[HTTP_HEADERS_MAX];
	struct http_request req = {.headers = headers};
	struct slice bytes = copy_rest(r, n);
	enum http_result result;
	size_t consumed = 0;
	int status = 0;

	result = http_parse(&r->parser, bytes, &req, &consumed, &status);
	if (result == HTTP_OK)
		take_head(r, &req, consumed);
	else if (result == HTTP_BAD)
		note_status(r, status);
	free((void *)(uintptr_t)bytes.p);
	return result != HTTP_MORE;
}

static bool
take_chunks(struct reader *r, size_t n)
{
	struct slice bytes = copy_rest(r, n), rest = bytes, piece;
	enum chunked_result result;
	int status = 0;

	while ((result = chunked_read(&r->chunks, &rest, &piece, &status)) == CHUNKED_PIECE)
		must(buf_append(&r->account, piece.p, piece.len) == 0);
	if (result == CHUNKED_BAD)
		note_status(r, status);
	r->at = n - rest.len;
	free((void *)(uintptr_t)bytes.p);
	return result != CHUNKED_MORE;
}

static bool
take_bytes(struct reader *r, size_t n)
{
	if (n - r->at < r->left)
		return false;
	put(r, (struct slice){r->text.p + r->at, r->left});
	r->at += r->left;
	return true;
}

static void
end_request(struct reader *r)
{
	note(r, "ok");
	r->ended = !r->kept;
	r->in_body = false;
	http_parser_init(&r->parser, HEAD_MAX);
}

static bool
take_body(struct reader *r, size_t n)
{
	if (!(r->chunked ? take_chunks(r, n) : take_bytes(r, n)))
		return false;
	if (!r->ended)
		end_request(r);
	return true;
}

/* The first n bytes have come. */
static void
arrive(struct reader *r, size_t n)
{
	bool went_on = true;

	while (went_on && !r->ended && (r->in_body || r->at < n))
		went_on = r->in_body ? take_body(r, n) : parse_head(r, n);
}

/* Reads a case whose bytes come up to each multiple of step (0: at once), from first on. */
static struct reader
read_case(const struct corpus_case *t, size_t first, size_t step)
{
	struct reader r = {.text = buf_slice(&t->bytes)};

	http_parser_init(&r.parser, HEAD_MAX);
	buf_init(&r.outcomes, 64);
	buf_init(&r.account, 16u * 1024 * 1024);
	for (size_t n = first; n < r.text.len; n += step) {
		arrive(&r, n);
		if (step == 0)
			break;
	}
	arrive(&r, r.text.len);
	if (!r.ended && (r.in_body || r.at < r.text.len))
		note(&r, "more");
	return r;
}

static void
clear(struct reader *r)
{
	buf_clear(&r->outcomes);
	buf_clear(&r->account);
}

static void
check_cut(const struct corpus_case *t, const struct reader *whole, size_t first, size_t step)
{
	struct reader r = read_case(t, first, step);

	if (!slice_eq(buf_slice(&r.outcomes), buf_slice(&whole->outcomes)) ||
	    !slice_eq(buf_slice(&r.account), buf_slice(&whole->account)))
		fail_msg("\"%s\" depends on how it is cut: from %zu on, step %zu", t->name,
		    first, step);
	clear(&r);
}

static void
check_case(const struct corpus_case *t)
{
	size_t len = buf_len(&t->bytes);
	struct reader whole = read_case(t, len, 0);

	if (!slice_eq_str(buf_slice(&whole.outcomes), t->outcomes))
		fail_msg("\"%s\": %.*s instead of %s", t->name, (int)buf_len(&whole.outcomes),
		    (const char *)buf_data(&whole.outcomes), t->outcomes);
	for (size_t cut = 1; cut < len; cut++) {
		bool edge = cut < EDGE || cut + EDGE > len;

		if (len <= EVERYWHERE || edge || cut % STEP == 0)
			check_cut(t, &whole, cut, 0);
	}
	check_cut(t, &whole, 1, len <= EVERYWHERE ? 1 : STEP);
	clear(&whole);
}

TEST(every_case_has_its_outcome_however_it_is_split)
{
	struct corpus corpus;

	corpus_load(&corpus);
	assert_true(corpus.n >= 150);
	for (size_t i = 0; i < corpus.n; i++)
		check_case(&corpus.cases[i]);
	print_message("%zu raw requests\n", corpus.n);
	corpus_clear(&corpus);
}

TEST_MAIN(NULL, NULL)

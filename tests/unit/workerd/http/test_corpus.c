/*
 * The raw requests of tests/http/corpus.txt, read by the parser: what becomes of each, and that it
 * does not depend on how the bytes arrive. Each case runs whole, cut in two at every place, and
 * byte by byte, each time from memory of exactly that size that moves between the calls.
 *
 * A reader stands for the connection here: it takes request after request, with their bodies, and
 * writes down all that it saw; two ways of cutting must give the same account.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/http/corpus.h"
#include "tests/unit/unit.h"
#include "workerd/http/message/http_parse.h"

#define HEAD_MAX 16384u
#define BODY_MAX (1024u * 1024)

/* Cases up to this are cut everywhere, longer ones there at both ends, and at each STEP between. */
#define EVERYWHERE 2000u
#define EDGE       200u
#define STEP       61u

static struct corpus corpus;

struct reader {
	struct slice text;
	size_t at;   /* start of the request being read */
	size_t need; /* bytes of head and body, once the head is complete; else 0 */
	bool kept;   /* the connection stays open after this request */
	bool ended;
	struct http_parser parser;
	int outcomes[CORPUS_OUTCOMES_MAX];
	size_t n_outcomes;
	struct buf account;
};

static void
note(struct reader *r, int outcome)
{
	assert_true(r->n_outcomes < CORPUS_OUTCOMES_MAX);
	r->outcomes[r->n_outcomes++] = outcome;
	if (outcome != OUTCOME_OK)
		r->ended = true;
}

static void
put(struct reader *r, struct slice s)
{
	assert_int_equal(buf_append(&r->account, s.p, s.len), 0);
	assert_int_equal(buf_append(&r->account, "\n", 1), 0);
}

static void
account_for(struct reader *r, const struct http_request *req, size_t head)
{
	assert_int_equal(
	    buf_printf(&r->account, "%d HTTP/1.%d keep %d expect %d length %d %llu query %d\n",
		(int)req->method, req->minor_version, req->keep_alive, req->expect_continue,
		req->has_length, (unsigned long long)req->content_length, req->query.p != NULL),
	    0);
	put(r, req->method_text);
	put(r, req->target);
	put(r, req->path);
	put(r, req->query);
	for (size_t i = 0; i < req->n_headers; i++) {
		put(r, req->headers[i].name);
		put(r, req->headers[i].value);
	}
	put(r, (struct slice){r->text.p + r->at + head, (size_t)req->content_length});
}

static void
take_head(struct reader *r, const struct http_request *req, size_t head)
{
	if (req->content_length > BODY_MAX) {
		note(r, 413);
		return;
	}
	r->need = head + (size_t)req->content_length;
	r->kept = req->keep_alive;
	if (r->need <= r->text.len - r->at)
		account_for(r, req, head);
}

/* Parses the first n bytes, in memory of exactly that size. False: more are needed. */
static bool
ask(struct reader *r, size_t n)
{
	struct http_header headers[HTTP_HEADERS_MAX];
	struct http_request req = {.headers = headers};
	size_t len = n - r->at, consumed = 0;
	uint8_t *bytes = malloc(len + (len == 0));
	enum http_result result;
	int status = 0;

	assert_non_null(bytes);
	memcpy(bytes, r->text.p + r->at, len);
	result = http_parse(&r->parser, (struct slice){bytes, len}, &req, &consumed, &status);
	if (result == HTTP_OK)
		take_head(r, &req, consumed);
	else if (result == HTTP_BAD)
		note(r, status);
	free(bytes);
	return result != HTTP_MORE;
}

/* The first n bytes have come. */
static void
arrive(struct reader *r, size_t n)
{
	while (!r->ended && r->at < n) {
		if (r->need == 0 && !ask(r, n))
			return;
		if (r->ended || n - r->at < r->need)
			return;
		note(r, OUTCOME_OK);
		r->at += r->need;
		r->need = 0;
		r->ended = !r->kept;
		http_parser_init(&r->parser, HEAD_MAX);
	}
}

static void
begin(struct reader *r, struct slice text)
{
	*r = (struct reader){.text = text};
	http_parser_init(&r->parser, HEAD_MAX);
	buf_init(&r->account, 16u * 1024 * 1024);
}

static void
finish(struct reader *r)
{
	arrive(r, r->text.len);
	if (!r->ended && r->at < r->text.len)
		note(r, OUTCOME_MORE);
}

static bool
same(const struct reader *a, const struct reader *b)
{
	return a->n_outcomes == b->n_outcomes &&
	    memcmp(a->outcomes, b->outcomes, a->n_outcomes * sizeof(a->outcomes[0])) == 0 &&
	    slice_eq(buf_slice(&a->account), buf_slice(&b->account));
}

/* The outcome of a case when its bytes come up to each multiple of step (0: at once), from first
 * on. */
static void
check_cut(const struct corpus_case *t, const struct reader *whole, size_t first, size_t step)
{
	struct reader r;

	begin(&r, whole->text);
	for (size_t n = first; n < whole->text.len; n += step) {
		arrive(&r, n);
		if (step == 0)
			break;
	}
	finish(&r);
	if (!same(whole, &r))
		fail_msg("\"%s\" depends on how it is cut: from %zu on, step %zu", t->name,
		    first, step);
	buf_clear(&r.account);
}

static void
check_outcomes(const struct corpus_case *t, const struct reader *r)
{
	char want[16], have[16];

	for (size_t i = 0; i < t->n_outcomes || i < r->n_outcomes; i++) {
		int w = i < t->n_outcomes ? t->outcomes[i] : 0;
		int h = i < r->n_outcomes ? r->outcomes[i] : 0;

		if (w != h)
			fail_msg("\"%s\", request %zu: %s, and not %s", t->name, i + 1,
			    outcome_name(h, have), outcome_name(w, want));
	}
}

static void
check_case(const struct corpus_case *t)
{
	struct reader whole;
	size_t len = buf_len(&t->bytes);

	begin(&whole, buf_slice(&t->bytes));
	finish(&whole);
	check_outcomes(t, &whole);
	for (size_t cut = 1; cut < len; cut++) {
		bool edge = cut < EDGE || cut + EDGE > len;

		if (len <= EVERYWHERE || edge || cut % STEP == 0)
			check_cut(t, &whole, cut, 0);
	}
	check_cut(t, &whole, 1, len <= EVERYWHERE ? 1 : STEP);
	buf_clear(&whole.account);
}

TEST(every_case_has_its_outcome_however_it_is_split)
{
	for (size_t i = 0; i < corpus.n; i++)
		check_case(&corpus.cases[i]);
	print_message("%zu raw requests\n", corpus.n);
}

/* Without any case, the other test would pass too. */
TEST(the_corpus_is_not_empty_and_its_names_are_unique)
{
	assert_true(corpus.n >= 150);
	for (size_t i = 0; i < corpus.n; i++) {
		assert_true(
		    corpus.cases[i].n_outcomes > 0 && buf_len(&corpus.cases[i].bytes) > 0);
		for (size_t k = 0; k < i; k++)
			if (strcmp(corpus.cases[i].name, corpus.cases[k].name) == 0)
				fail_msg("two cases are named \"%s\"", corpus.cases[i].name);
	}
}

int
main(void)
{
	int failed;

	corpus_load(&corpus, CORPUS_FILE);
	failed = UNIT_RUN(NULL, NULL);
	corpus_clear(&corpus);
	return failed;
}

/*
 * searchd is asked first, then storaged: for the passages that it named, for all content if that is short, and also if
 * searchd does not answer, since short content needs no search.
 */
#include "workerd/knowledge/finding.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "workerd/knowledge/question_search.h"

/* Passages that are asked for: more than are chosen, because some may be of the same page, or changed meanwhile. */
#define FIND_LIMIT 16

/* Bytes of a question, as in FIND. Imported messages, and those of a trial, may be longer. */
#define QUESTION_MAX 12000

struct finding {
	struct finding_service *service;
	finding_fn *fn;
	void *arg;
	struct question_search *search;
	struct store_call *store;
	struct event *deadline; /* of the store; without a call, it ends the finding */
	struct found_passages passages;
	struct id org;
	enum knowledge knowledge;
	size_t sources_len, text_len, before_len;
	uint8_t bytes[]; /* sources, text, before */
};

static struct slice
finding_sources(const struct finding *f)
{
	return (struct slice){f->bytes, f->sources_len};
}

static struct slice
finding_text(const struct finding *f)
{
	return (struct slice){f->bytes + f->sources_len, f->text_len};
}

static struct slice
finding_before(const struct finding *f)
{
	return (struct slice){f->bytes + f->sources_len + f->text_len, f->before_len};
}

static void
finding_forget_calls(struct finding *f)
{
	question_search_cancel(f->search);
	if (f->store != NULL)
		store_call_forget(f->store);
	f->search = NULL;
	f->store = NULL;
}

void
finding_cancel(struct finding *f)
{
	if (f == NULL)
		return;
	finding_forget_calls(f);
	event_free(f->deadline);
	found_passages_clear(&f->passages);
	free(f);
}

static void
finding_end(struct finding *f, enum found_outcome outcome)
{
	f->passages.outcome = outcome;
	f->fn(f->arg, &f->passages);
	finding_cancel(f);
}

static void
finding_set_deadline(struct finding *f, unsigned ms)
{
	struct timeval in = clock_timeval(ms);

	must(event_add(f->deadline, &in) == 0);
}

/* The answer to CONTENT_READ. */
static void
finding_on_content(void *arg, uint16_t type, const union msg *m)
{
	struct finding *f = arg;

	f->store = NULL;
	if (type != MSG_PASSAGES || m->passages.too_long) {
		finding_end(f, FOUND_UNAVAILABLE);
		return;
	}
	found_passages_take_all(&f->passages, m->passages.passages);
	finding_end(f, buf_len(&f->passages.list) > 0 ? FOUND_WHOLE : FOUND_NO_ANSWER);
}

static void
finding_on_passages(void *arg, uint16_t type, const union msg *m)
{
	struct finding *f = arg;

	f->store = NULL;
	if (type != MSG_PASSAGES) {
		finding_end(f, FOUND_UNAVAILABLE);
		return;
	}
	found_passages_choose(&f->passages, m->passages.passages);
	finding_end(f, buf_len(&f->passages.list) > 0 ? FOUND_ANSWER : FOUND_NO_ANSWER);
}

static void
finding_ask_store(
    struct finding *f, enum msg_type type, const void *request, store_answer_fn *fn)
{
	f->store = store_call(f->service->store, type, request, STORE_TIMEOUT_MS, fn, f);
	finding_set_deadline(f, f->store == NULL ? 0 : FINDING_TIMEOUT_MS);
}

static void
finding_read_all(struct finding *f)
{
	const struct msg_content_read read = {
	    .org = f->org,
	    .knowledge = (uint8_t)f->knowledge,
	    .sources = finding_sources(f),
	    .bytes_max = PASSAGES_WHOLE_MAX,
	};

	finding_ask_store(f, MSG_CONTENT_READ, &read, finding_on_content);
}

static void
finding_take(struct finding *f, const struct msg_found *found)
{
	const struct msg_passages_read read = {.org = f->org, .wanted = found->hits};

	if (found->bytes <= PASSAGES_WHOLE_MAX || found->hits.len > FINDING_HITS_MAX)
		finding_read_all(f);
	else if (found->coverage < FINDING_COVERAGE_MIN || found->hits.len == 0)
		finding_end(f, FOUND_NO_ANSWER);
	else
		finding_ask_store(f, MSG_PASSAGES_READ, &read, finding_on_passages);
}

static void
finding_on_found(void *arg, uint16_t type, const union msg *m)
{
	struct finding *f = arg;

	f->search = NULL;
	if (type == MSG_FOUND)
		finding_take(f, &m->found);
	else
		finding_read_all(f);
}

static void
finding_ask_search(struct finding *f)
{
	const struct msg_find find = {
	    .org = f->org,
	    .knowledge = (uint8_t)f->knowledge,
	    .sources = finding_sources(f),
	    .question = finding_text(f),
	    .before = finding_before(f),
	    .limit = FIND_LIMIT,
	};

	f->search =
	    question_search_start(f->service, &find, FINDING_TIMEOUT_MS, finding_on_found, f);
	if (f->search == NULL)
		finding_read_all(f);
}

/* The store has not answered in time. */
static void
finding_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct finding *f = arg;

	(void)fd;
	(void)what;
	log_event(LOG_WARN, "finding_timeout", L_STR("of", "storaged"),
	    L_UINT("ms", FINDING_TIMEOUT_MS));
	metric_add(&f->service->board->finding_timeouts, 1);
	finding_forget_calls(f);
	finding_end(f, FOUND_UNAVAILABLE);
}

/* The start of a question that FIND takes, in whole characters. */
static struct slice
finding_cut(struct slice question)
{
	struct slice cut = {
	    question.p, question.len < QUESTION_MAX ? question.len : QUESTION_MAX};

	if (cut.len < question.len)
		cut.len -= utf8_incomplete_tail(cut);
	return cut;
}

struct finding *
finding_start(struct finding_service *service, const struct finding_question *question,
    finding_fn *fn, void *arg)
{
	const struct slice text = finding_cut(question->text);
	const struct slice before = finding_cut(question->before);
	const struct slice parts[] = {question->sources, text, before};
	struct finding *f =
	    xcalloc(1, sizeof(*f) + question->sources.len + text.len + before.len);
	uint8_t *to = f->bytes;

	f->service = service;
	f->fn = fn;
	f->arg = arg;
	f->org = question->org;
	f->knowledge = question->knowledge;
	f->sources_len = question->sources.len;
	f->text_len = text.len;
	f->before_len = before.len;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		must(slice_copy(parts[i], to, parts[i].len));
		to += parts[i].len;
	}
	found_passages_init(&f->passages);
	f->deadline = evtimer_new(service->base, finding_on_deadline, f);
	must(f->deadline != NULL);
	finding_ask_search(f);
	return f;
}

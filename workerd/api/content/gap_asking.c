/*
 * searchd follows the store's change feed. So the answer is waited for until searchd has read the feed up to the
 * answer's change, and finds the answer by its own question.
 */
#include "workerd/api/content/gap_asking.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/content/gap_closing.h"
#include "workerd/api/content/open_gaps.h"
#include "workerd/knowledge/finding.h"
#include "workerd/knowledge/gap_clusters.h"
#include "workerd/knowledge/question_search.h"
#include "workerd/search/search_client.h"

/* At the same time in a worker; further ones are given up. */
#define ASKINGS_MAX 16

#define WAIT_MS   200 /* between two looks at searchd */
#define WAITS_MAX 75  /* 15 s */

/* Questions in a batch: they are asked again, and those with an answer are closed, before the next batch is read. All batches
 * are of the newest open questions (OPEN_GAPS_MAX). */
#define CANDIDATES_MAX 200

#define HITS_MAX 16 /* as for a reply */

struct gap_asking {
	LIST_ENTRY(gap_asking) link;
	struct gap_askings *all;
	struct api *api;
	struct event *timer;
	struct search_call *status;
	struct question_search *search;
	struct store_call *store;
	struct open_gaps *reading;
	struct gap_closing *closing;
	struct id org, answer;
	struct buf question, given; /* the answer's; ids */
	uint64_t position;          /* of the change feed, with the answer */
	unsigned waits;
	/* Questions that are asked again, the oldest first. */
	struct id candidates[CANDIDATES_MAX];
	struct slice questions[CANDIDATES_MAX]; /* owned */
	size_t n, at;
	struct id behind; /* the last one that was asked before these; zero: none */
	bool more;        /* there may be questions behind these */
	struct buf found; /* ids of those that find the answer */
};

struct gap_askings {
	LIST_HEAD(, gap_asking) list;
	unsigned n;
};

struct gap_askings *
gap_askings_new(void)
{
	struct gap_askings *all = xcalloc(1, sizeof(*all));

	LIST_INIT(&all->list);
	return all;
}

static void
gap_asking_clear_questions(struct gap_asking *a)
{
	for (size_t i = 0; i < a->n; i++)
		free((void *)(uintptr_t)a->questions[i].p);
	a->n = a->at = 0;
	buf_reset(&a->found);
}

static void
gap_asking_free(struct gap_asking *a)
{
	if (a->status != NULL)
		search_call_forget(a->status);
	question_search_cancel(a->search);
	if (a->store != NULL)
		store_call_forget(a->store);
	if (a->reading != NULL)
		open_gaps_cancel(a->reading);
	if (a->closing != NULL)
		gap_closing_cancel(a->closing);
	event_free(a->timer);
	gap_asking_clear_questions(a);
	buf_clear(&a->question);
	buf_clear(&a->given);
	buf_clear(&a->found);
	LIST_REMOVE(a, link);
	a->all->n--;
	free(a);
}

void
gap_askings_free(struct gap_askings *all)
{
	struct gap_asking *a;

	while ((a = LIST_FIRST(&all->list)) != NULL)
		gap_asking_free(a);
	free(all);
}

static void
gap_asking_give_up(struct gap_asking *a, const char *why)
{
	log_event(LOG_WARN, "gaps_not_asked", L_ID("org", &a->org), L_ID("answer", &a->answer),
	    L_STR("why", why));
	gap_asking_free(a);
}

static void gap_asking_on_gaps(
    void *arg, const struct open_gaps *gaps, uint16_t type, const union msg *m);

static void
gap_asking_read(struct gap_asking *a)
{
	a->reading = open_gaps_read(a->api->store, &a->org, gap_asking_on_gaps, a);
	if (a->reading == NULL)
		gap_asking_give_up(a, "too many requests wait");
}

/* Goes on with the questions behind those that were asked, if there are any. */
static void
gap_asking_go_on(struct gap_asking *a)
{
	if (!a->more) {
		gap_asking_free(a);
		return;
	}
	a->behind = a->candidates[a->n - 1];
	gap_asking_clear_questions(a);
	gap_asking_read(a);
}

static void
gap_asking_on_closed(void *arg, uint32_t closed, uint16_t type, const union msg *m)
{
	struct gap_asking *a = arg;

	(void)m;
	a->closing = NULL;
	metric_add(&a->api->worker->gaps_answered, closed);
	log_event(LOG_NOTICE, "gaps_answered", L_ID("org", &a->org), L_ID("answer", &a->answer),
	    L_UINT("asked", a->n), L_UINT("closed", closed));
	if (type == MSG_OK)
		gap_asking_go_on(a);
	else
		gap_asking_give_up(a, "the store refused");
}

static void
gap_asking_close(struct gap_asking *a)
{
	const struct gap_closing_request request = {
	    .org = a->org,
	    .gaps = buf_slice(&a->found),
	    .state = GAP_CLOSED,
	    .answer = a->answer,
	};

	if (buf_len(&a->found) == 0) {
		gap_asking_go_on(a);
		return;
	}
	a->closing = gap_closing_start(a->api->store, &request, gap_asking_on_closed, a);
	if (a->closing == NULL)
		gap_asking_give_up(a, "too many requests wait");
}

/* Whether the answer is among the best that were found. */
static bool
gap_asking_is_found(const struct gap_asking *a, const struct msg_found *found)
{
	struct slice hits = found->hits, item;
	struct msg_passage_ref hit;

	while (wire_list_next(&hits, &item))
		if (record_decode(item, MSG_PASSAGE_REF, &hit) == WIRE_OK &&
		    hit.kind == PASSAGE_ANSWER && id_equal(&hit.id, &a->answer))
			return true;
	return false;
}

/* Whether a reply would be based on the answer. */
static bool
gap_asking_is_answered(const struct gap_asking *a, const struct msg_found *found)
{
	bool enough = found->coverage >= FINDING_COVERAGE_MIN ||
	    found->bytes <= PASSAGES_WHOLE_MAX; /* replies get all content */

	return enough && gap_asking_is_found(a, found);
}

static bool
gap_asking_find(struct gap_asking *a, struct slice question, search_answer_fn *fn)
{
	const struct msg_find find = {
	    .org = a->org, .knowledge = KNOWLEDGE_ALL, .question = question, .limit = HITS_MAX};

	a->search = question_search_start(&a->api->turns->finding, &find, 0, fn, a);
	return a->search != NULL;
}

static void gap_asking_on_found(void *arg, uint16_t type, const union msg *m);

/* Asks the next question, or closes those that were answered. */
static void
gap_asking_next(struct gap_asking *a)
{
	if (a->at == a->n)
		gap_asking_close(a);
	else if (!gap_asking_find(a, a->questions[a->at], gap_asking_on_found))
		gap_asking_give_up(a, "too many searches wait");
}

static void
gap_asking_on_found(void *arg, uint16_t type, const union msg *m)
{
	struct gap_asking *a = arg;
	const struct id *id = &a->candidates[a->at];

	a->search = NULL;
	if (type != MSG_FOUND) {
		gap_asking_give_up(a, "searchd does not answer");
		return;
	}
	if (gap_asking_is_answered(a, &m->found))
		must(buf_append(&a->found, id->b, sizeof(id->b)) == 0);
	a->at++;
	gap_asking_next(a);
}

static bool
gap_asking_is_given(const struct gap_asking *a, const struct id *id)
{
	const uint8_t *p = buf_data(&a->given);

	for (size_t at = 0; at < buf_len(&a->given); at += sizeof(id->b))
		if (memcmp(p + at, id->b, sizeof(id->b)) == 0)
			return true;
	return false;
}

static void
gap_asking_add(struct gap_asking *a, const struct open_gap *gap)
{
	const uint8_t *question = (const uint8_t *)slice_strdup(gap->question);

	a->candidates[a->n] = gap->id;
	a->questions[a->n++] = (struct slice){question, gap->question.len};
}

static void
gap_asking_on_gaps(void *arg, const struct open_gaps *gaps, uint16_t type, const union msg *m)
{
	struct gap_asking *a = arg;
	struct gap_words own, words;

	(void)m;
	a->reading = NULL;
	if (type != MSG_OK) {
		gap_asking_give_up(a, "the store does not answer");
		return;
	}
	gap_words_read(&own, buf_slice(&a->question));
	for (size_t i = 0; i < open_gaps_n(gaps) && a->n < CANDIDATES_MAX; i++) {
		const struct open_gap *gap = open_gaps_at(gaps, i);

		/* They are in the order of their ids. */
		if (memcmp(gap->id.b, a->behind.b, sizeof(gap->id.b)) <= 0)
			continue;
		gap_words_read(&words, gap->question);
		if (gap_asking_is_given(a, &gap->id) || gap_words_are_similar(&own, &words))
			gap_asking_add(a, gap);
	}
	a->more = a->n == CANDIDATES_MAX;
	gap_asking_next(a);
}

static void
gap_asking_wait(struct gap_asking *a)
{
	struct timeval in = clock_timeval(WAIT_MS);

	if (a->waits++ == WAITS_MAX)
		gap_asking_give_up(a, "searchd does not find the answer");
	else
		must(event_add(a->timer, &in) == 0);
}

/* searchd finds the answer by its own question: the others may be asked. */
static void
gap_asking_on_own(void *arg, uint16_t type, const union msg *m)
{
	struct gap_asking *a = arg;

	a->search = NULL;
	if (type != MSG_FOUND || !gap_asking_is_found(a, &m->found)) {
		gap_asking_wait(a);
		return;
	}
	gap_asking_read(a);
}

static void
gap_asking_on_status(void *arg, uint16_t type, const union msg *m)
{
	struct gap_asking *a = arg;
	bool is_behind = type != MSG_SEARCH_STATUS || m->search_status.position < a->position;

	a->status = NULL;
	if (is_behind || !gap_asking_find(a, buf_slice(&a->question), gap_asking_on_own))
		gap_asking_wait(a);
}

static void
gap_asking_look(struct gap_asking *a)
{
	a->status = search_call_status(a->api->search, gap_asking_on_status, a);
	if (a->status == NULL)
		gap_asking_wait(a);
}

static void
gap_asking_on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	gap_asking_look(arg);
}

static void
gap_asking_on_newest(void *arg, uint16_t type, const union msg *m)
{
	struct gap_asking *a = arg;

	a->store = NULL;
	if (type != MSG_CHANGES_PAGE) {
		gap_asking_give_up(a, "the store does not answer");
		return;
	}
	a->position = m->changes_page.newest;
	gap_asking_look(a);
}

static void
gap_asking_keep(struct buf *out, struct slice bytes)
{
	buf_init(out, bytes.len + 1);
	must(buf_append(out, bytes.p, bytes.len) == 0);
}

void
gap_asking_start(struct api *api, const struct msg_answer_record *answer, struct slice gaps)
{
	const struct msg_changes_read newest = {.newest = 1};
	struct gap_askings *all = api->gap_askings;
	struct gap_asking *a;

	if (all->n == ASKINGS_MAX) {
		log_event(LOG_WARN, "gaps_not_asked", L_ID("org", &answer->org),
		    L_ID("answer", &answer->id), L_STR("why", "too many answers at a time"));
		return;
	}
	a = xcalloc(1, sizeof(*a));
	*a = (struct gap_asking){
	    .all = all, .api = api, .org = answer->org, .answer = answer->id};
	gap_asking_keep(&a->question, answer->question);
	gap_asking_keep(&a->given, gaps);
	buf_init(&a->found, CANDIDATES_MAX * sizeof(struct id));
	a->timer = evtimer_new(api->turns->base, gap_asking_on_timer, a);
	must(a->timer != NULL);
	LIST_INSERT_HEAD(&all->list, a, link);
	all->n++;
	a->store = store_call(
	    api->store, MSG_CHANGES_READ, &newest, STORE_TIMEOUT_MS, gap_asking_on_newest, a);
	if (a->store == NULL)
		gap_asking_give_up(a, "too many requests wait");
}

#include "workerd/knowledge/question_search.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

struct question_search {
	struct finding_service *service;
	struct msg_find find;
	unsigned ms;
	search_answer_fn *fn;
	void *arg;
	struct embedding *embedding;
	struct search_call *call;
	struct event *deadline; /* of the call */
};

void
question_search_cancel(struct question_search *s)
{
	if (s == NULL)
		return;
	embedder_cancel(s->embedding);
	if (s->call != NULL)
		search_call_forget(s->call);
	event_free(s->deadline);
	free(s);
}

/* m is borrowed from the caller. */
static void
question_search_end(struct question_search *s, uint16_t type, const union msg *m)
{
	search_answer_fn *fn = s->fn;
	void *arg = s->arg;

	question_search_cancel(s);
	fn(arg, type, m);
}

static void
question_search_on_found(void *arg, uint16_t type, const union msg *m)
{
	struct question_search *s = arg;

	s->call = NULL;
	question_search_end(s, type, m);
}

static void
question_search_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct question_search *s = arg;

	(void)fd;
	(void)what;
	log_event(LOG_WARN, "finding_timeout", L_STR("of", "searchd"), L_UINT("ms", s->ms));
	metric_add(&s->service->board->finding_timeouts, 1);
	question_search_end(s, 0, NULL);
}

/* False: too many wait. */
static bool
question_search_ask(struct question_search *s)
{
	struct timeval in = clock_timeval(s->ms);

	s->call = search_call_find(s->service->search, &s->find, question_search_on_found, s);
	if (s->call != NULL && s->ms > 0)
		must(event_add(s->deadline, &in) == 0);
	return s->call != NULL;
}

/* vector NULL: there is none. */
static void
question_search_on_vector(
    void *arg, const struct embedded *vector, bool refused, unsigned retry_after_ms)
{
	struct question_search *s = arg;

	(void)refused;
	(void)retry_after_ms;
	s->embedding = NULL;
	if (vector != NULL) {
		s->find.model = embedder_model(s->service->embedder);
		s->find.vector = (struct slice){
		    (const uint8_t *)vector->values, vector->dimensions * sizeof(float)};
	}
	if (!question_search_ask(s))
		question_search_end(s, 0, NULL);
}

struct question_search *
question_search_start(struct finding_service *service, const struct msg_find *find, unsigned ms,
    search_answer_fn *fn, void *arg)
{
	struct embedder *embedder = service->embedder;
	struct question_search *s = xcalloc(1, sizeof(*s));

	*s = (struct question_search){
	    .service = service, .find = *find, .ms = ms, .fn = fn, .arg = arg};
	s->deadline = evtimer_new(service->base, question_search_on_deadline, s);
	must(s->deadline != NULL);
	if (embedder != NULL)
		s->embedding = embedder_ask(embedder, &find->question, 1,
		    embedder_question_ms(embedder), question_search_on_vector, s);
	if (s->embedding != NULL || question_search_ask(s))
		return s;
	question_search_cancel(s);
	return NULL;
}

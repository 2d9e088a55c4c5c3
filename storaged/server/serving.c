/*
 * Peers, and the batch of each loop turn.
 */
#include "storaged/server/serving.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* Connections accepted per loop turn. */
#define ACCEPTS_PER_TURN 64

/* Time for requests that read much in a loop turn; the last one may take longer. */
#define LONG_NS 1000000u

static void
serving_pause_accepting(struct serving *s)
{
	event_del(s->acceptable);
	s->accept_paused = true;
}

/* Accepts the waiting connections. Pauses when there is no room, instead of spinning. */
static void
serving_on_acceptable(evutil_socket_t listener, short what, void *arg)
{
	struct serving *s = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd;

		if (s->peers.n >= PEERS_MAX) {
			log_event(LOG_WARN, "too_many_peers", L_UINT("peers", s->peers.n));
			serving_pause_accepting(s);
			return;
		}
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1) {
			peers_add(&s->peers, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			log_event(LOG_ERROR, "accept_paused", L_ERRNO());
			serving_pause_accepting(s);
		}
		/* EAGAIN: none is left. EINTR and ECONNABORTED concern one connection
		 * (accept(2)). */
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

/* Offers the batch to every peer, starting where the last turn ended. */
static void
serving_take_requests(struct serving *s)
{
	for (size_t i = 0; i < s->peers.n && batch_is_open(&s->batch); i++) {
		struct peer *peer = TAILQ_FIRST(&s->peers.all);

		peer_take(peer, &s->batch);
		TAILQ_REMOVE(&s->peers.all, peer, order);
		TAILQ_INSERT_TAIL(&s->peers.all, peer, order);
	}
}

/* Takes requests that arrived while the earlier ones ran: the more requests share a commit, the
 * less each waits for the next one (make bench-store, 512 in flight on one connection: 143
 * requests per commit without this, 512 with it; 0.52 and 0.71 of bare LMDB's rate). */
static void
serving_gather(struct serving *s)
{
	size_t before;

	do {
		before = s->batch.n;
		must(event_base_loop(s->service->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) != -1);
		serving_take_requests(s);
	} while (s->batch.n > before);
}

bool
serving_settle(struct serving *s)
{
	struct peer *peer = TAILQ_FIRST(&s->peers.all);
	bool more = false;

	while (peer != NULL) {
		struct peer *next = TAILQ_NEXT(peer, order);

		more |= peer_settle(&s->peers, peer);
		peer = next;
	}
	return more;
}

int
serving_run_requests(struct serving *s)
{
	serving_take_requests(s);
	if (s->batch.n > 0)
		serving_gather(s);
	return batch_end(&s->batch);
}

/* Runs requests in turn until the time is over; done gets them. */
static void
serving_take_long(struct serving *s, struct long_read_list *done)
{
	const uint64_t until = clock_mono_ns() + LONG_NS;
	struct long_read *q;

	while (batch_is_open(&s->batch) && clock_mono_ns() < until &&
	    (q = long_reads_take(&s->long_reads)) != NULL) {
		TAILQ_INSERT_TAIL(done, q, link);
		batch_add_long(&s->batch, q);
	}
}

int
serving_run_long(struct serving *s, bool *more)
{
	struct long_read_list done = TAILQ_HEAD_INITIALIZER(done);
	struct long_read *q;
	int rc;

	*more = false;
	if (TAILQ_EMPTY(&s->long_reads.all))
		return 0;
	serving_take_long(s, &done);
	*more = !TAILQ_EMPTY(&done);
	rc = batch_end(&s->batch);
	while ((q = TAILQ_FIRST(&done)) != NULL) {
		TAILQ_REMOVE(&done, q, link);
		free(q);
	}
	return rc;
}

void
serving_accept_again(struct serving *s)
{
	if (!s->accept_paused || s->peers.n >= PEERS_MAX)
		return;
	s->accept_paused = false;
	must(event_add(s->acceptable, NULL) == 0);
}

void
serving_start(struct serving *s, struct env *env, struct service *service,
    const struct handlers *handlers)
{
	*s = (struct serving){.env = env, .service = service};
	open_turns_init(&s->open);
	live_init(&s->live, &s->open);
	batch_init(&s->batch, env, &s->live, handlers);
	s->acceptable = event_new(
	    service->base, service->listener, EV_READ | EV_PERSIST, serving_on_acceptable, s);
	must(s->acceptable != NULL && event_add(s->acceptable, NULL) == 0);
	peers_init(&s->peers, s->service->base, &s->live);
	s->peers.access = *service->access;
	s->batch.peers = &s->peers;
	long_reads_init(&s->long_reads);
	s->batch.long_reads = s->peers.long_reads = &s->long_reads;
}

void
serving_end(struct serving *s)
{
	peers_clear(&s->peers);
	long_reads_clear(&s->long_reads);
	event_free(s->acceptable);
	batch_clear(&s->batch);
	live_clear(&s->live);
	open_turns_clear(&s->open);
}

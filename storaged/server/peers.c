/*
 * The life of a peer: accepted, checked, read, served, settled, freed.
 */
#include "storaged/server/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* Interval of the checks for incomplete messages, and how many failed checks in a row drop a peer
 * without a hello (after 2 s) or within a message (after 10 s), or slightly more. Failed checks,
 * unlike time, do not count while storaged itself is slow. */
#define LOOK_MS         500
#define LOOKS_HELLO_MAX 4
#define LOOKS_MAX       20

_Static_assert(PEER_UNSENT_MAX <= PEER_UNSENT_HIGH + LIVE_ROOM_LEFT,
    "others' text alone never stops a peer from being served");

static void peers_on_look(evutil_socket_t fd, short what, void *arg);

void
peers_init(struct peers *p, struct event_base *base, struct live *live)
{
	struct timeval every = clock_timeval(LOOK_MS);

	*p = (struct peers){.base = base, .live = live};
	TAILQ_INIT(&p->all);
	p->look = event_new(base, -1, EV_PERSIST, peers_on_look, p);
	must(p->look != NULL && event_add(p->look, &every) == 0);
}

/* A proxy may close the connection of a worker that lives, which then claims its turns again. */
static size_t
peer_leave_turns(struct peers *p, struct peer *peer)
{
	size_t lost;

	if (peer->from == (pid_t)peer->channel.peer_pid)
		return open_turns_lose(p->live->open, &peer->client.turns);
	lost = open_turns_await(p->live->open, &peer->client.turns);
	p->awaits |= lost > 0;
	return lost;
}

/* The drop of a peer was logged before. */
static void
peer_free(struct peers *p, struct peer *peer)
{
	size_t lost;

	live_forget(p->live, &peer->client);
	if (p->long_reads != NULL)
		long_reads_forget(p->long_reads, &peer->client);
	lost = peer_leave_turns(p, peer);
	/* A proxy checks several times a second whether this is the store. */
	if (!peer->dropped)
		log_event(peer->pinged && !peer->asked ? LOG_DEBUG : LOG_INFO, "peer_gone",
		    L_UINT("peer", peer->number), L_UINT("pid", peer->channel.peer_pid),
		    L_UINT("open_turns", lost));
	TAILQ_REMOVE(&p->all, peer, order);
	p->n--;
	event_free(peer->readable);
	event_free(peer->writable);
	channel_close(&peer->channel);
	free(peer);
}

/* Sends what the socket takes now: a peer that does not read learns of the end only. */
static void
peer_tell_leaving(struct peer *peer, bool in_doubt)
{
	const struct msg_leaving leaving = {.in_doubt = in_doubt};

	if (peer->told || peer->dropped || peer->mute ||
	    !(peer->channel.peer & (ROLE_WORKER | ROLE_CRAWL | ROLE_MAIL | ROLE_MEDIA)))
		return;
	peer->told = true;
	if (in_doubt)
		buf_truncate(&peer->channel.out, peer->settled);
	if (channel_send(&peer->channel, MSG_LEAVING, 0, &leaving) == 0)
		(void)!channel_flush(&peer->channel);
}

void
peers_tell_leaving(struct peers *p, bool in_doubt)
{
	struct peer *peer;

	TAILQ_FOREACH (peer, &p->all, order)
		peer_tell_leaving(peer, in_doubt);
}

void
peers_clear(struct peers *p)
{
	struct peer *peer = TAILQ_FIRST(&p->all);

	while (peer != NULL) {
		struct peer *next = TAILQ_NEXT(peer, order);

		peer_free(p, peer);
		peer = next;
	}
	event_free(p->look);
}

/* During a batch, its requests in the buffer must not move. */
static enum channel_io
peers_read_more(struct peer *peer)
{
	return peer->served ? channel_read_more(&peer->channel) : channel_read(&peer->channel);
}

static void
peers_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *peer = arg;

	(void)fd;
	(void)what;
	switch (peers_read_more(peer)) {
	case CHANNEL_DONE:
	case CHANNEL_PENDING:
		break;
	case CHANNEL_FAILED:
		/* A peer killed with unread answers ends with this error, not with EOF. */
		if (errno != ECONNRESET)
			log_event(
			    LOG_WARN, "peer_failed", L_UINT("peer", peer->number), L_ERRNO());
		[[fallthrough]];
	case CHANNEL_CLOSED:
		peer->ended = true;
		event_del(peer->readable);
		break;
	}
	peer->ready = true;
}

static void
peers_on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *peer = arg;

	(void)fd;
	(void)what;
	peer->waits = false;
}

void
peers_add(struct peers *p, int fd)
{
	struct ucred cred;
	unsigned roles = access_roles(&p->access, fd, &cred);
	struct peer *peer;

	if (roles == 0 || (p->tools_only && (roles & ROLE_TOOL) == 0)) {
		closefd(&fd);
		return;
	}
	peer = xcalloc(1, sizeof(*peer));
	peer->number = ++p->last_number;
	peer->since = clock_wall_ms();
	peer->from = cred.pid;
	peer->tool = p->tools_only;
	channel_open(
	    &peer->channel, fd, ROLE_STORE, peer->tool ? ROLE_TOOL : roles, PEER_UNSENT_MAX);
	peer->settled = buf_len(&peer->channel.out);
	client_init(&peer->client, &peer->channel.out);
	peer->readable = event_new(p->base, fd, EV_READ | EV_PERSIST, peers_on_readable, peer);
	peer->writable = event_new(p->base, fd, EV_WRITE, peers_on_writable, peer);
	must(peer->readable != NULL && peer->writable != NULL);
	must(event_add(peer->readable, NULL) == 0);
	TAILQ_INSERT_TAIL(&p->all, peer, order);
	p->n++;
	log_event(LOG_DEBUG, "peer_came", L_UINT("peer", peer->number), L_INT("pid", cred.pid));
}

static void
peers_drop(struct peer *peer, const char *why)
{
	/* On a standby, workers are expected to try. */
	bool expected = peer->tool && peer->channel.peer == ROLE_NONE;

	log_event(expected ? LOG_DEBUG : LOG_ERROR, "peer_dropped",
	    L_UINT("peer", peer->number), L_UINT("pid", peer->channel.peer_pid),
	    L_STR("why", why));
	peer->dropped = true;
	peer->ready = false;
	/* The batch may still use it: it is freed afterwards, and not read any more. */
	event_del(peer->readable);
}

static bool
peers_is_behind(const struct peer *peer)
{
	return buf_len(&peer->channel.out) > PEER_UNSENT_HIGH;
}

void
peer_take(struct peer *peer, struct batch *batch)
{
	while (peer->ready && !peers_is_behind(peer) && batch_is_open(batch)) {
		enum wire_result r;
		struct frame f;

		r = channel_next(&peer->channel, &f, batch_slot(batch));
		if (r == WIRE_MORE) {
			peer->ready = false;
		} else if (r == WIRE_OK) {
			peer->looks = 0;
			peer->served = true;
			peer->pinged |= f.type == MSG_PING;
			peer->asked |= f.type != MSG_PING;
			batch_add(batch, &peer->client, &f);
		} else {
			peers_drop(peer, wire_result_name(r));
		}
	}
}

/*
 * A peer that sends no hello, or only part of a message, is broken, and would keep its slot and
 * memory forever. Does not count a peer that we do not read because it has unsent answers.
 */
static bool
peers_is_owing(const struct peer *peer)
{
	if (peer->dropped || peers_is_behind(peer))
		return false;
	return peer->channel.peer == ROLE_NONE || channel_has_partial(&peer->channel);
}

static void
peers_look_at(struct peer *peer)
{
	bool greeted = peer->channel.peer != ROLE_NONE;

	peer->looks = peers_is_owing(peer) ? peer->looks + 1 : 0;
	if (peer->looks > (greeted ? LOOKS_MAX : LOOKS_HELLO_MAX))
		peers_drop(peer, greeted ? "too slow" : "sent no hello in time");
}

void
peers_look(struct peers *p)
{
	struct peer *peer;

	TAILQ_FOREACH (peer, &p->all, order)
		peers_look_at(peer);
	index_wait_expire(&p->live->index);
}

static void
peers_on_look(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	peers_look(arg);
}

/* Stops reading while the peer does not take its answers. */
static void
peers_read_or_not(struct peer *peer)
{
	bool wanted = !peer->ended && !peers_is_behind(peer);

	if (wanted == (event_pending(peer->readable, EV_READ, NULL) != 0))
		return;
	if (!wanted) {
		event_del(peer->readable);
		return;
	}
	must(event_add(peer->readable, NULL) == 0);
}

/*
 * Sending failed. If the peer is gone, nobody needs its answers, but its socket may still contain
 * requests, such as the end of a reply: all of them are read and served.
 */
static void
peers_sending_failed(struct peer *peer)
{
	if (errno != EPIPE && errno != ECONNRESET) {
		peers_drop(peer, strerror(errno));
		return;
	}
	peer->mute = true;
	buf_reset(&peer->channel.out);
}

static void
peers_send_answers(struct peer *peer)
{
	switch (channel_flush(&peer->channel)) {
	case CHANNEL_DONE:
		break;
	case CHANNEL_PENDING:
		peer->waits = true;
		must(event_add(peer->writable, NULL) == 0);
		break;
	case CHANNEL_CLOSED:
	case CHANNEL_FAILED:
		peers_sending_failed(peer);
		break;
	}
}

/* Sends answers, and the ends of visitors, of which more may wait than the queue has room for. */
static void
peers_send(struct peers *p, struct peer *peer)
{
	do {
		rooms_send_ends(&p->live->rooms, &peer->client);
		if (!peer->waits && buf_len(&peer->channel.out) > 0)
			peers_send_answers(peer);
	} while (
	    !LIST_EMPTY(&peer->client.ended) && !peer->waits && !peer->dropped && !peer->mute);
}

bool
peer_settle(struct peers *p, struct peer *peer)
{
	peer->served = false;
	if (peer->client.fault != NULL && !peer->dropped)
		peers_drop(peer, peer->client.fault);
	if (peer->mute)
		buf_reset(&peer->channel.out);
	else if (!peer->dropped)
		peers_send(p, peer);
	peer->settled = buf_len(&peer->channel.out);
	if (peer->dropped ||
	    (peer->ended && !peer->ready && !peer->waits && peer->client.long_reads == 0)) {
		peer_free(p, peer);
		return false;
	}
	peers_read_or_not(peer);
	return peer->ready && !peers_is_behind(peer);
}

void
peers_trim(struct peers *p)
{
	struct peer *peer;

	TAILQ_FOREACH (peer, &p->all, order)
		channel_free_unused(&peer->channel);
}

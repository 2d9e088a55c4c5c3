/*
 * The owner chooses the next one by the reports of the standbys (LOG_MEMBERS).
 */
#include "storaged/replication/hand_over.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* A standby that has not reported for the first of these times is not counted; for the second, it is taken for one that
 * lags, because it may have stopped. */
#define STANDBY_GONE_MS   10000u
#define STANDBY_SILENT_MS 3000u

/* How long an operator's hand-over waits for a standby to catch up: less than STANDBY_GONE_MS, for a better message. */
#define CATCH_UP_MS 8000u

/* How long a standby that is offered the ownership may take, and how often the owner looks. */
#define OFFER_MS      1000u
#define OFFER_LOOK_MS 10u

/* The owner gives up when its store could not be written for so many seconds. While it remains the owner, it makes such an
 * offer, which interrupts the service, at most once in OFFER_AGAIN_MS. */
#define UNWRITABLE_S   5u
#define OFFER_AGAIN_MS 30000u

/* A standby, as its last report says. In the order of preference. */
struct candidate {
	enum { CANDIDATE_NONE, CANDIDATE_UNFIT, CANDIDATE_LAGS, CANDIDATE_READY } state;
	char name[REPLICA_NAME_MAX + 1];
	char trouble[REPLICA_TROUBLE_MAX + 1]; /* of CANDIDATE_UNFIT */
	uint64_t behind;                       /* rows */
	bool silent;                           /* it has not reported lately */
};

/* The age of a report, in ms, that shows that a standby follows. For an operator it has to report again: it may have died
 * since the last time. */
static uint64_t
hand_over_report_age(const struct hand_over_state *h)
{
	return h->waits ? clock_mono_ms() - h->since : STANDBY_SILENT_MS;
}

static struct candidate
hand_over_candidate(const struct owner *o, const PGresult *rows, int i)
{
	struct slice name = log_result_bytes(rows, i, 0),
		     trouble = log_result_bytes(rows, i, 3);
	uint64_t seq = log_result_number(rows, i, 1), last = o->replica->at.seq;
	struct candidate c = {.state = CANDIDATE_READY};

	/* It may be ahead: of a row whose append has no answer. */
	c.behind = last > seq ? last - seq : 0;
	snprintf(c.name, sizeof(c.name), "%.*s", (int)name.len, (const char *)name.p);
	snprintf(
	    c.trouble, sizeof(c.trouble), "%.*s", (int)trouble.len, (const char *)trouble.p);
	c.silent = log_result_number(rows, i, 2) > hand_over_report_age(&o->hand_over);
	if (trouble.len > 0)
		c.state = CANDIDATE_UNFIT;
	else if (seq < o->hand_over.seq || c.silent)
		c.state = CANDIDATE_LAGS;
	return c;
}

/* Counts the standbys. *best: the best one, of this name if it is not "". False: the log is lost. */
static bool
hand_over_look(struct owner *o, struct slice name, struct candidate *best)
{
	struct replica *r = o->replica;
	PGresult *rows = log_conn_run(&r->conn, LOG_MEMBERS, NULL, 0);

	*best = (struct candidate){0};
	if (rows == NULL) {
		owner_lose(o, "look at standbys");
		return false;
	}
	r->status.standbys = 0;
	for (int i = 0; i < PQntuples(rows); i++) {
		struct candidate c = hand_over_candidate(o, rows, i);

		if (log_result_number(rows, i, 2) > STANDBY_GONE_MS ||
		    strcmp(c.name, r->name) == 0)
			continue;
		r->status.standbys++;
		if (c.state > best->state && (name.len == 0 || slice_eq_str(name, c.name)))
			*best = c;
	}
	r->status.behind = best->behind;
	PQclear(rows);
	return true;
}

/* Whether another machine has taken over. */
static bool
hand_over_was_taken(struct owner *o)
{
	PGresult *row = log_conn_run(&o->replica->conn, LOG_OWNER, NULL, 0);
	bool taken;

	if (row == NULL) {
		owner_lose(o, "hand-over");
		return true;
	}
	taken = PQntuples(row) != 1 || log_result_number(row, 0, 0) != o->epoch;
	PQclear(row);
	return taken;
}

/* Offers the ownership to a standby. Whether the standby takes over in time; also true if the log was lost. */
static bool
hand_over_is_accepted(struct owner *o, const char *to)
{
	const struct log_param params[] = {LOG_N(o->epoch), LOG_N(o->replica->instance),
	    LOG_N(o->heartbeat), LOG_B(slice_str(to))};
	const struct timespec pause = {.tv_nsec = OFFER_LOOK_MS * 1000000L};
	uint64_t until = clock_mono_ms() + OFFER_MS;

	if (log_conn_change(&o->replica->conn, LOG_OFFER, params, ARRAY_LEN(params)) != 1) {
		owner_lose(o, "offer");
		return true;
	}
	while (clock_mono_ms() < until) {
		if (hand_over_was_taken(o))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Nothing has changed. */
[[gnu::format(printf, 2, 3)]] static void
hand_over_failed(struct owner *o, const char *format, ...)
{
	struct replica_status *status = &o->replica->status;
	va_list args;

	o->hand_over.waits = false;
	va_start(args, format);
	vsnprintf(status->error, sizeof(status->error), format, args);
	va_end(args);
	log_event(LOG_WARN, "hand_over_failed", L_STR("why", status->error));
}

/* Another machine has taken over, unless the log was lost before. */
static void
hand_over_done(struct owner *o, const char *to)
{
	if (o->lost)
		return;
	o->lost = true;
	log_event(LOG_NOTICE, "handed_over", L_STR("to", to), L_UINT("epoch", o->epoch),
	    L_UINT("seq", o->replica->at.seq));
	log_conn_close(&o->replica->conn);
}

static void
hand_over_to(struct owner *o, const char *to)
{
	o->hand_over.waits = false;
	/* The offer is for the heartbeat of this renewal. */
	owner_renew(o);
	if (o->lost)
		return;
	if (hand_over_is_accepted(o, to)) {
		hand_over_done(o, to);
		return;
	}
	/* Withdraws the offer. If the standby takes over just before, the owner is lost. */
	owner_renew(o);
	if (!o->lost)
		hand_over_failed(o, "%s did not take over within a second", to);
}

void
hand_over_want(struct owner *o, struct slice name)
{
	struct hand_over_state *h = &o->hand_over;

	o->replica->status.error[0] = '\0';
	h->gives_up = false;
	snprintf(h->to, sizeof(h->to), "%.*s", (int)name.len, (const char *)name.p);
	h->waits = true;
	h->noted = false;
	h->since = h->look_at = clock_mono_ms();
}

bool
hand_over_waits(const struct owner *o)
{
	return o->hand_over.waits && !o->lost;
}

static void
hand_over_is_late(struct owner *o, const struct candidate *c)
{
	if (c->silent)
		hand_over_failed(
		    o, "%s has not reported for %u s", c->name, CATCH_UP_MS / 1000);
	else
		hand_over_failed(o, "%s has not caught up within %u s: it is %llu rows behind",
		    c->name, CATCH_UP_MS / 1000, (unsigned long long)c->behind);
}

static void
hand_over_note_wait(struct hand_over_state *h, const struct candidate *c)
{
	if (!h->noted)
		log_event(LOG_NOTICE, "hand_over_waits", L_STR("for", c->name),
		    L_UINT("behind", c->behind));
	h->noted = true;
}

void
hand_over_step(struct owner *o)
{
	struct hand_over_state *h = &o->hand_over;
	uint64_t now = clock_mono_ms();
	struct candidate best;

	if (!hand_over_waits(o) || now < h->look_at)
		return;
	h->look_at = now + HAND_OVER_LOOK_MS;
	if (!hand_over_look(o, slice_str(h->to), &best))
		return;
	switch (best.state) {
	case CANDIDATE_READY:
		hand_over_to(o, best.name);
		break;
	case CANDIDATE_LAGS:
		hand_over_note_wait(h, &best);
		if (now - h->since >= CATCH_UP_MS)
			hand_over_is_late(o, &best);
		break;
	case CANDIDATE_UNFIT:
		hand_over_failed(o, "the store of %s is %s", best.name, best.trouble);
		break;
	case CANDIDATE_NONE:
		hand_over_failed(o, "no standby%s has reported in the last %u s",
		    h->to[0] == '\0' ? "" : " of this name", STANDBY_GONE_MS / 1000);
		break;
	}
}

/* Why another machine should be the owner; NULL: this one should. */
static const char *
hand_over_reason(const struct owner *o)
{
	return o->replica->env->damage != NULL        ? "the store is damaged"
	    : o->hand_over.unwritable >= UNWRITABLE_S ? "the store cannot be written"
						      : NULL;
}

static void
hand_over_warn(struct hand_over_state *h, const char *why)
{
	if (!h->warned)
		log_event(LOG_WARN, "owner_unfit", L_STR("why", why),
		    L_STR("help", "no standby can take over: banter status"));
	h->warned = true;
}

/* Gives the ownership to a standby that can write, if there is one. */
static void
hand_over_give_up(struct owner *o, const char *why, const struct candidate *best)
{
	struct hand_over_state *h = &o->hand_over;
	uint64_t now = clock_mono_ms();

	if (best->state != CANDIDATE_READY) {
		hand_over_warn(h, why);
		return;
	}
	if (now < o->replica->offer_at)
		return;
	o->replica->offer_at = now + OFFER_AGAIN_MS;
	h->gives_up = true;
	log_event(LOG_WARN, "owner_gives_up", L_STR("why", why), L_STR("to", best->name));
	hand_over_to(o, best->name);
}

/* The store is writable and undamaged: the status drops the error of an offer that was made because it was not. */
static void
hand_over_is_fit(struct owner *o)
{
	struct hand_over_state *h = &o->hand_over;

	if (h->gives_up)
		o->replica->status.error[0] = '\0';
	h->warned = h->gives_up = false;
}

void
hand_over_tick(struct owner *o)
{
	struct hand_over_state *h = &o->hand_over;
	struct candidate best;
	const char *why;

	if (o->lost || !hand_over_look(o, slice_str(h->waits ? h->to : ""), &best))
		return;
	h->seq = o->replica->at.seq;
	h->unwritable = o->replica->env->writable ? 0 : h->unwritable + 1;
	why = hand_over_reason(o);
	if (why != NULL)
		hand_over_give_up(o, why, &best);
	else
		hand_over_is_fit(o);
}

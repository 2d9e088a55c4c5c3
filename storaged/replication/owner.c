/*
 * Appends, renewals and hand-over: each is one statement, and waits for its result.
 */
#include "storaged/replication/owner.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/engine/write_set.h"

/* Old rows that are deleted per second: this many, and twice as many as were appended, so that the log shrinks to
 * its bounds under any load, and a deletion is not much more work than the appends. */
#define TRIM_ROWS 200u

/* The same in bytes: a deletion that takes longer than LOG_ANSWER_MS would end the ownership, and be undone. */
#define TRIM_BYTES ((uint64_t)16 << 20)

/* A standby that has not reported for this long is not counted, in seconds. */
#define STANDBY_GONE_S 10u

/* How long a standby that is offered the ownership may take, and how often the owner looks. */
#define HAND_OVER_MS      1000u
#define HAND_OVER_LOOK_MS 10u

/* The weight of one append in the mean: 1/16. */
#define APPEND_MEAN_SHIFT 4

/* Appends and answers nothing more. what: the statement that failed. */
static void
owner_lose(struct owner *o, const char *what)
{
	if (o->lost)
		return;
	o->lost = true;
	/* The connection stands: the statement was executed, and found nothing to change. */
	if (o->replica->conn.pg != NULL)
		strlcpy(o->replica->conn.error,
		    "another machine is the owner, or PostgreSQL has lost rows",
		    sizeof(o->replica->conn.error));
	strlcpy(
	    o->replica->status.error, o->replica->conn.error, sizeof(o->replica->status.error));
	log_event(LOG_WARN, "log_lost", L_STR("what", what), L_UINT("seq", o->replica->at.seq),
	    L_UINT("epoch", o->epoch), L_STR("error", o->replica->conn.error));
	log_conn_close(&o->replica->conn);
}

static void
owner_note_append(struct owner *o, uint64_t ns)
{
	uint32_t us = (uint32_t)(ns / 1000), *mean = &o->replica->status.append_us;

	*mean =
	    *mean == 0 ? us : *mean - (*mean >> APPEND_MEAN_SHIFT) + (us >> APPEND_MEAN_SHIFT);
}

static int
owner_append(struct env_log *log, struct txn *t, struct slice write_set)
{
	struct owner *o = (struct owner *)log;
	struct replica *r = o->replica;
	struct log_row row = replica_next_row(r, o->epoch, write_set);
	struct position next = {.seq = row.seq, .digest = log_row_digest(&row)};
	const struct log_param params[] = {LOG_N(row.seq), LOG_N(row.epoch), LOG_N(row.schema),
	    LOG_B(((struct slice){row.prev.b, sizeof(row.prev.b)})), LOG_B(row.data)};
	uint64_t began;
	int rc;

	if (o->lost)
		return COMMIT_LOG_LOST;
	rc = position_write(t, &next);
	if (rc != 0)
		return rc;
	began = clock_mono_ns();
	if (log_conn_change(&r->conn, LOG_APPEND, params, ARRAY_LEN(params)) != 1) {
		owner_lose(o, "append");
		return COMMIT_LOG_LOST;
	}
	owner_note_append(o, clock_mono_ns() - began);
	o->appended += write_set.len;
	r->at = next;
	r->status.seq = next.seq;
	return 0;
}

static bool
owner_hold(struct env_log *log)
{
	return owner_holds((struct owner *)log);
}

void
owner_start(struct owner *o, struct replica *r, uint64_t epoch, uint64_t renewed_at)
{
	*o = (struct owner){
	    .replica = r, .epoch = epoch, .renewed_at = renewed_at, .trimmed_at = r->at.seq};
	o->log.append = owner_append;
	o->log.hold = owner_hold;
	buf_init(&o->log.write_set, WRITE_SET_MAX);
	r->env->log = &o->log;
	r->status.role = STORE_OWNER;
	r->status.epoch = epoch;
	r->status.seq = r->at.seq;
	r->status.behind = 0;
	r->status.standbys = 0;
	r->status.error[0] = '\0';
	strlcpy(r->status.owner, r->name, sizeof(r->status.owner));
	log_event(LOG_NOTICE, "log_owner", L_STR("name", r->name), L_UINT("epoch", epoch),
	    L_UINT("seq", r->at.seq));
}

void
owner_stop(struct owner *o)
{
	o->replica->env->log = NULL;
	buf_clear(&o->log.write_set);
}

static void
owner_renew(struct owner *o)
{
	const struct log_param params[] = {LOG_N(o->epoch), LOG_N(o->replica->instance)};
	uint64_t sent = clock_boot_ms();
	PGresult *row;

	if (o->lost)
		return;
	row = log_conn_run(&o->replica->conn, LOG_RENEW, params, ARRAY_LEN(params));
	if (row != NULL && PQntuples(row) == 1) {
		o->renewed_at = sent;
		o->heartbeat = log_result_number(row, 0, 0);
	} else {
		owner_lose(o, "renewal");
	}
	PQclear(row);
}

bool
owner_holds(struct owner *o)
{
	if (!o->lost && clock_boot_ms() - o->renewed_at >= REPLICA_RENEW_MS)
		owner_renew(o);
	return !o->lost && clock_boot_ms() - o->renewed_at < REPLICA_LEASE_MS;
}

/* The rows that a standby lacks, which may be ahead: of a row whose append has no answer. */
static uint64_t
owner_lead(const struct replica *r, uint64_t seq)
{
	return r->at.seq > seq ? r->at.seq - seq : 0;
}

/* Counts the standbys. *best (if it is not NULL): the first one that is there, or of this name. */
static void
owner_look_at_standbys(struct owner *o, struct slice name, char best[REPLICA_NAME_MAX + 1])
{
	struct replica *r = o->replica;
	PGresult *rows = log_conn_run(&r->conn, LOG_MEMBERS, NULL, 0);

	if (rows == NULL) {
		owner_lose(o, "look at standbys");
		return;
	}
	r->status.standbys = 0;
	for (int i = 0; i < PQntuples(rows); i++) {
		struct slice member = log_result_bytes(rows, i, 0);

		if (log_result_number(rows, i, 2) > STANDBY_GONE_S ||
		    slice_eq_str(member, r->name))
			continue;
		if (r->status.standbys++ == 0)
			r->status.behind = owner_lead(r, log_result_number(rows, i, 1));
		if (best != NULL && best[0] == '\0' &&
		    (name.len == 0 || slice_eq(name, member)))
			snprintf(best, REPLICA_NAME_MAX + 1, "%.*s", (int)member.len,
			    (const char *)member.p);
	}
	PQclear(rows);
}

static void
owner_trim(struct owner *o)
{
	const struct replica *r = o->replica;
	const struct log_param params[] = {LOG_N(r->keep_days), LOG_N(r->max_bytes),
	    LOG_N(TRIM_ROWS + 2 * (r->at.seq - o->trimmed_at)),
	    LOG_N(TRIM_BYTES + 2 * o->appended)};

	o->trimmed_at = r->at.seq;
	o->appended = 0;
	if (!o->lost &&
	    log_conn_change(&o->replica->conn, LOG_TRIM, params, ARRAY_LEN(params)) == -1)
		owner_lose(o, "deletion of old rows");
}

void
owner_tick(struct owner *o)
{
	/* Half of the interval has passed since the last renewal, or it would be due only with the next tick. */
	if (!o->lost && clock_boot_ms() - o->renewed_at >= REPLICA_RENEW_MS / 2)
		owner_renew(o);
	write_set_trim(&o->log.write_set);
	if (!owner_holds(o))
		return;
	owner_look_at_standbys(o, (struct slice){0}, NULL);
	owner_trim(o);
}

/* Whether another machine has taken over. */
static bool
owner_was_taken(struct owner *o)
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

/* Whether the standby has taken over, which it is offered, in time; or the log was lost. */
static bool
owner_offer(struct owner *o, const char *to)
{
	const struct log_param params[] = {LOG_N(o->epoch), LOG_N(o->replica->instance),
	    LOG_N(o->heartbeat), LOG_B(slice_str(to))};
	const struct timespec pause = {.tv_nsec = HAND_OVER_LOOK_MS * 1000000L};
	uint64_t until = clock_mono_ms() + HAND_OVER_MS;

	if (log_conn_change(&o->replica->conn, LOG_OFFER, params, ARRAY_LEN(params)) != 1) {
		owner_lose(o, "offer");
		return true;
	}
	while (clock_mono_ms() < until) {
		if (owner_was_taken(o))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static void
owner_keep(struct owner *o, const char *why)
{
	strlcpy(o->replica->status.error, why, sizeof(o->replica->status.error));
	log_event(LOG_WARN, "hand_over_failed", L_STR("why", why));
}

/* Another machine has taken over, unless the log was lost before. */
static void
owner_give(struct owner *o, const char *to)
{
	if (o->lost)
		return;
	o->lost = true;
	log_event(LOG_NOTICE, "handed_over", L_STR("to", to), L_UINT("epoch", o->epoch),
	    L_UINT("seq", o->replica->at.seq));
	log_conn_close(&o->replica->conn);
}

void
owner_hand_over(struct owner *o, struct slice name)
{
	char to[REPLICA_NAME_MAX + 1] = "";

	o->replica->status.error[0] = '\0';
	/* The offer is for the heartbeat of this renewal. */
	owner_renew(o);
	if (!o->lost)
		owner_look_at_standbys(o, name, to);
	if (o->lost)
		return;
	if (to[0] == '\0') {
		owner_keep(o,
		    name.len == 0 ? "no standby has reported in the last 10 s"
				  : "no standby of this name has reported in the last 10 s");
		return;
	}
	if (owner_offer(o, to)) {
		owner_give(o, to);
		return;
	}
	/* Withdraws the offer, unless it is accepted in this moment. */
	owner_renew(o);
	if (!o->lost)
		owner_keep(o, "the standby did not take over within a second");
}

/*
 * Appends and renewals: each is one statement, and waits for its result.
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

/* The weight of one append in the mean: 1/16. */
#define APPEND_MEAN_SHIFT 4

void
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
	o->hand_over.seq = r->at.seq;
	o->log.append = owner_append;
	o->log.hold = owner_hold;
	buf_init(&o->log.write_set, WRITE_SET_MAX);
	r->env->log = &o->log;
	r->owned_at = clock_boot_ms();
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

void
owner_renew(struct owner *o)
{
	const uint64_t sent = clock_boot_ms();
	const struct log_param params[] = {LOG_N(o->epoch), LOG_N(o->replica->instance),
	    LOG_N(sent - o->renewed_at), LOG_N(o->replica->env->backup_row)};
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
	if (owner_holds(o))
		owner_trim(o);
}

/*
 * One step: connect, read the owner's row, and then what that demands.
 */
#include "storaged/replication/standby.h"

#include <string.h>
#include <sysexits.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/replication/apply.h"

/* Between two attempts to connect. */
#define OPEN_MS 250u

/* Between two reports, while there are no new rows. */
#define CONFIRM_MS 1000u

void
standby_start(struct standby *s, struct replica *r, bool starts)
{
	*s = (struct standby){.replica = r, .restarted = starts};
	r->status.role = STORE_STANDBY;
	r->status.append_us = 0;
	r->status.standbys = 0;
}

static enum standby_result
standby_end(struct standby *s, int status)
{
	s->status = status;
	return STANDBY_ENDS;
}

/* The connection failed. The time without a heartbeat begins again: it counts only while the row can be
 * read. */
static enum standby_result
standby_failed(struct standby *s)
{
	struct replica_status *status = &s->replica->status;

	if (strcmp(status->error, s->replica->conn.error) != 0)
		log_event(LOG_WARN, "log_failed", L_STR("error", s->replica->conn.error));
	strlcpy(status->error, s->replica->conn.error, sizeof(status->error));
	log_conn_close(&s->replica->conn);
	s->seen.some = false;
	s->checked = false;
	return STANDBY_WAITS;
}

static bool
standby_connect(struct standby *s)
{
	struct replica *r = s->replica;
	uint64_t now = clock_boot_ms();

	if (r->conn.pg != NULL)
		return true;
	if (s->opened_at != 0 && now - s->opened_at < OPEN_MS)
		return false;
	s->opened_at = now;
	if (!log_conn_open(&r->conn, r->log, r->name)) {
		(void)standby_failed(s);
		return false;
	}
	if (r->status.error[0] != '\0')
		log_event(LOG_NOTICE, "log_works");
	r->status.error[0] = '\0';
	return true;
}

/* The first row of a log is no write set; its data tells logs from each other. A store that is in no log begins one. */
static enum standby_result
standby_found(struct standby *s)
{
	struct replica *r = s->replica;
	struct log_row row = replica_next_row(
	    r, 1, (struct slice){(const uint8_t *)&r->instance, sizeof(r->instance)});
	struct position first = {.seq = 1, .digest = log_row_digest(&row)};
	const struct log_param params[] = {LOG_B(slice_str(r->name)), LOG_N(r->instance),
	    LOG_N(row.schema), LOG_B(((struct slice){row.prev.b, sizeof(row.prev.b)})),
	    LOG_B(row.data)};
	uint64_t sent = clock_boot_ms();
	int rc;

	if (r->at.seq != 0) {
		log_event(LOG_ERROR, "log_gap", L_UINT("seq", r->at.seq),
		    L_STR("error", "the log is empty, but this store was in one"),
		    L_STR("help",
			"if PostgreSQL has lost its data, begin a new log with the store that "
			"has the highest seq: "
			"start its storaged once without STORE_LOG"));
		return standby_end(s, EX_DATAERR);
	}
	if (log_conn_change(&r->conn, LOG_FOUND, params, 5) != 1)
		return standby_failed(s);
	rc = apply_position(r, &first);
	if (rc != 0) {
		log_event(LOG_ERROR, "log_not_applied", L_UINT("seq", first.seq),
		    L_STR("error", env_strerror(rc)));
		return standby_end(s, EX_IOERR);
	}
	log_event(LOG_NOTICE, "log_founded", L_STR("name", r->name));
	s->epoch = 1;
	s->renewed_at = sent;
	return STANDBY_OWNS;
}

/* The process that founded the log ended before it stored its position: nobody has written anything yet. */
static enum standby_result
standby_adopt(struct standby *s)
{
	struct position first;

	if (!apply_read_first(s->replica, &first))
		return standby_failed(s);
	return apply_position(s->replica, &first) == 0 ? STANDBY_MORE
						       : standby_end(s, EX_IOERR);
}

static enum standby_result
standby_check(struct standby *s)
{
	int status;

	if (s->replica->at.seq == 0 && s->seen.last == 1 && s->seen.named)
		return standby_adopt(s);
	if (s->replica->at.seq == 0) {
		log_event(LOG_ERROR, "log_not_seeded",
		    L_STR("error", "the log belongs to another store"),
		    L_STR("help",
			"restore a backup of the owner (banter restore --force), and start "
			"storaged again"));
		return standby_end(s, EX_DATAERR);
	}
	switch (apply_check(s->replica, &status)) {
	case APPLY_DONE:
		s->checked = true;
		return STANDBY_MORE;
	case APPLY_AGAIN:
		return standby_failed(s);
	case APPLY_ENDS:
		break;
	}
	return standby_end(s, status);
}

static bool
standby_confirm(struct standby *s)
{
	const struct replica *r = s->replica;
	const struct log_param params[] = {LOG_B(slice_str(r->name)), LOG_N(r->at.seq)};

	if (log_conn_change(&s->replica->conn, LOG_CONFIRM, params, 2) != 1)
		return false;
	s->confirmed_at = clock_boot_ms();
	return true;
}

/* Applies the rows up to one that a confirmed write has followed. STANDBY_MORE: all are applied. */
static enum standby_result
standby_apply(struct standby *s, uint64_t last)
{
	bool more = true;
	int status;

	while (more) {
		switch (apply_rows(s->replica, last, &more, &status)) {
		case APPLY_DONE:
			break;
		case APPLY_AGAIN:
			return standby_failed(s);
		case APPLY_ENDS:
			return standby_end(s, status);
		}
	}
	return STANDBY_MORE;
}

/* This process is the owner already, and lost its connection. The renewal confirms the rows that were seen before. */
static enum standby_result
standby_resume(struct standby *s)
{
	struct replica *r = s->replica;
	const struct log_param params[] = {LOG_N(s->seen.epoch), LOG_N(r->instance)};
	uint64_t sent = clock_boot_ms();
	enum standby_result result;

	if (log_conn_change(&r->conn, LOG_RENEW, params, 2) != 1)
		return standby_failed(s);
	result = standby_apply(s, s->seen.last);
	if (result != STANDBY_MORE)
		return result;
	s->epoch = s->seen.epoch;
	s->renewed_at = sent;
	return STANDBY_OWNS;
}

/* Takes over, with all rows that are in the log. If another row comes first, the statement fails. */
static enum standby_result
standby_take(struct standby *s)
{
	struct replica *r = s->replica;
	enum standby_result result;
	struct log_row row;
	struct position next;
	uint64_t sent;

	if (!standby_confirm(s))
		return standby_failed(s);
	result = standby_apply(s, s->seen.last);
	if (result != STANDBY_MORE)
		return result;
	row = replica_next_row(r, s->seen.epoch + 1, (struct slice){0});
	next = (struct position){row.seq, log_row_digest(&row)};
	sent = clock_boot_ms();
	{
		const struct log_param params[] = {LOG_N(s->seen.epoch),
		    LOG_N(s->seen.instance), LOG_N(s->seen.heartbeat),
		    LOG_B(slice_str(r->name)), LOG_N(r->instance), LOG_N(row.seq),
		    LOG_N(row.schema), LOG_B(((struct slice){row.prev.b, sizeof(row.prev.b)}))};

		switch (log_conn_change(&r->conn, LOG_TAKE, params, 8)) {
		case 1:
			break;
		case 0: /* a heartbeat, or another standby was faster */
			return STANDBY_WAITS;
		default:
			return standby_failed(s);
		}
	}
	if (apply_position(r, &next) != 0)
		return standby_failed(s); /* it is in the log */
	s->epoch = row.epoch;
	s->renewed_at = sent;
	return STANDBY_OWNS;
}

/* Reads the owner's row. False: it failed. */
static bool
standby_look(struct standby *s)
{
	struct replica *r = s->replica;
	struct standby_seen was = s->seen, *seen = &s->seen;
	PGresult *row = log_conn_run(&r->conn, LOG_OWNER, NULL, 0);
	struct slice name;

	if (row == NULL)
		return false;
	*seen = (struct standby_seen){.some = PQntuples(row) == 1};
	if (seen->some) {
		seen->epoch = log_result_number(row, 0, 0);
		name = log_result_bytes(row, 0, 1);
		seen->instance = log_result_number(row, 0, 2);
		seen->heartbeat = log_result_number(row, 0, 3);
		seen->offered = slice_eq_str(log_result_bytes(row, 0, 4), r->name);
		seen->last = log_result_number(row, 0, 5);
		seen->mine = seen->instance == r->instance;
		seen->named = slice_eq_str(name, r->name);
		seen->since =
		    was.some && was.epoch == seen->epoch && was.heartbeat == seen->heartbeat
		    ? was.since
		    : clock_boot_ms();
		strlcpy(r->status.owner, "", sizeof(r->status.owner));
		if (name.len < sizeof(r->status.owner))
			memcpy(mempcpy(r->status.owner, name.p, name.len), "", 1);
		r->status.behind = seen->last - r->at.seq;
	}
	PQclear(row);
	return true;
}

/* Whether the owner is gone, or wants this machine to be the owner. */
static bool
standby_may_take(const struct standby *s)
{
	const struct standby_seen *seen = &s->seen;

	return seen->offered || (seen->named && s->restarted) ||
	    clock_boot_ms() - seen->since >= REPLICA_TAKE_MS;
}

enum standby_result
standby_step(struct standby *s)
{
	struct replica *r = s->replica;
	enum standby_result result;

	if (!standby_connect(s))
		return STANDBY_WAITS;
	if (!standby_look(s))
		return standby_failed(s);
	if (!s->seen.some)
		return standby_found(s);
	if (!s->checked) {
		result = standby_check(s);
		if (result != STANDBY_MORE)
			return result;
	}
	if (s->seen.mine)
		return standby_resume(s);
	if (standby_may_take(s))
		return standby_take(s);
	s->restarted = false;
	if (clock_boot_ms() - s->confirmed_at < CONFIRM_MS)
		return STANDBY_WAITS;
	if (!standby_confirm(s))
		return standby_failed(s);
	result = standby_apply(s, s->seen.last);
	if (result == STANDBY_MORE)
		r->status.behind = 0;
	return result == STANDBY_MORE ? STANDBY_WAITS : result;
}

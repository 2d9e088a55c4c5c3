/*
 * One step: connect, read the owner's row, and then what that demands.
 */
#include "storaged/replication/standby.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/replication/apply.h"

/* Between two attempts to connect. */
#define OPEN_MS 250u

/* Between two reports, while there are no new rows, and while there are. */
#define CONFIRM_MS      1000u
#define CONFIRM_ROWS_MS 200u

void
standby_start(struct standby *s, struct replica *r, bool starts)
{
	*s = (struct standby){.replica = r, .restarted = starts, .trouble = ""};
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

/* The connection or the disk failed. The time without a heartbeat begins again: it counts only while the row can be
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
	s->trusted = 0;
	return STANDBY_WAITS;
}

/* The log has acknowledged a write, and all of its rows are applied. A connection alone proves neither. */
static void
standby_works(struct standby *s)
{
	struct replica_status *status = &s->replica->status;

	if (status->error[0] != '\0')
		log_event(LOG_NOTICE, "log_works");
	status->error[0] = '\0';
	status->behind = 0;
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
	return true;
}

static enum standby_result
standby_not_applied(struct standby *s, int rc)
{
	log_event(LOG_ERROR, "log_not_applied", L_UINT("seq", s->replica->at.seq + 1),
	    L_STR("error", env_strerror(rc)), L_STR("help", env_error_help(rc)));
	return standby_end(s, EX_IOERR);
}

static enum standby_result
standby_gap(struct standby *s, const char *error)
{
	log_event(LOG_ERROR, "log_gap", L_UINT("seq", s->replica->at.seq),
	    L_STR("error", error),
	    L_STR("help",
		"if PostgreSQL has lost its data, begin a new log with the store that has the "
		"highest seq: drop the tables banter_log, banter_owner and banter_member, and "
		"start its storaged once without STORE_LOG"));
	return standby_end(s, EX_DATAERR);
}

static bool
standby_confirm(struct standby *s)
{
	const struct replica *r = s->replica;
	const char *trouble = replica_trouble(r);
	const struct log_param params[] = {LOG_B(slice_str(r->name)), LOG_N(r->at.seq),
	    LOG_B(slice_str(trouble)), LOG_N(r->env->backup_row)};

	s->trouble = trouble;
	if (log_conn_change(&s->replica->conn, LOG_CONFIRM, params, ARRAY_LEN(params)) != 1)
		return false;
	s->confirmed_at = clock_boot_ms();
	s->trusted = s->seen.last;
	return true;
}

/*
 * A store that is in no log begins one. The first row is not a write set; its data distinguishes logs. Its digest
 * is stored before, so that a process that ends in between finds its own log (standby_adopt()), and takes no
 * other one for it.
 */
static enum standby_result
standby_found(struct standby *s)
{
	struct replica *r = s->replica;
	struct log_row row = replica_next_row(
	    r, 1, (struct slice){(const uint8_t *)&r->instance, sizeof(r->instance)});
	struct position planned, first;
	const struct log_param params[] = {LOG_B(slice_str(r->name)), LOG_N(r->instance),
	    LOG_N(row.schema), LOG_B(((struct slice){row.prev.b, sizeof(row.prev.b)})),
	    LOG_B(row.data)};
	uint64_t sent;
	int rc;

	if (r->at.seq != 0)
		return standby_confirm(s)
		    ? standby_gap(s, "the log has no owner, but this store was in one")
		    : standby_failed(s);
	row.prev = (struct hash256){0};
	planned = (struct position){.digest = log_row_digest(&row)};
	rc = apply_position(r, &planned);
	if (rc != 0)
		return standby_not_applied(s, rc);
	sent = clock_boot_ms();
	switch (log_conn_change(&r->conn, LOG_FOUND, params, ARRAY_LEN(params))) {
	case 1:
		break;
	case 0:
		return standby_gap(s, "the table banter_owner is empty, but banter_log is not");
	default:
		return standby_failed(s);
	}
	first = (struct position){.seq = 1, .digest = planned.digest};
	rc = apply_position(r, &first);
	if (rc != 0)
		return standby_not_applied(s, rc);
	log_event(LOG_NOTICE, "log_founded", L_STR("name", r->name));
	s->epoch = 1;
	s->renewed_at = sent;
	return STANDBY_OWNS;
}

/* A store in no log: the process that began this log may have ended before it stored its position. Otherwise the log belongs
 * to another store. */
static enum standby_result
standby_adopt(struct standby *s)
{
	struct replica *r = s->replica;
	struct position first;
	int rc;

	if (!apply_read_first(r, &first) || !standby_confirm(s))
		return standby_failed(s);
	if (first.seq == 1 && hash_equal(&first.digest, &r->at.digest)) {
		rc = apply_position(r, &first);
		return rc == 0 ? STANDBY_MORE : standby_not_applied(s, rc);
	}
	log_event(LOG_ERROR, "log_not_seeded",
	    L_STR("error", "the log belongs to another store"),
	    L_STR("help",
		"restore a backup of the owner (banter restore --force), and start storaged "
		"again"));
	return standby_end(s, EX_DATAERR);
}

static enum standby_result
standby_check(struct standby *s)
{
	int status;

	if (s->replica->at.seq == 0)
		return standby_adopt(s);
	/* A PostgreSQL server that is the primary no more may lack the row, or have another one: that must not end us. */
	if (!standby_confirm(s))
		return standby_failed(s);
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

/* The store is damaged: it stays as it is, and says so, until a backup replaces it. */
static enum standby_result
standby_rest(struct standby *s)
{
	struct replica *r = s->replica;

	if (!s->rests)
		log_event(LOG_ERROR, "standby_damaged", L_UINT("seq", r->at.seq),
		    L_STR("error", r->env->damage), L_STR("help", apply_new_seed));
	s->rests = true;
	if (clock_boot_ms() - s->confirmed_at >= CONFIRM_MS && !standby_confirm(s))
		return standby_failed(s);
	strlcpy(r->status.error, "the store is damaged, and follows the log no more",
	    sizeof(r->status.error));
	return STANDBY_WAITS;
}

/* Applies some of the rows that can be trusted. */
static enum standby_result
standby_apply(struct standby *s)
{
	struct replica *r = s->replica;
	int status;

	if (r->env->damage != NULL)
		return standby_rest(s);
	switch (apply_rows(r, s->trusted, &status)) {
	case APPLY_DONE:
		r->status.behind = s->seen.last - r->at.seq;
		return STANDBY_MORE;
	case APPLY_AGAIN:
		return standby_failed(s);
	case APPLY_ENDS:
		break;
	}
	return r->env->damage != NULL ? standby_rest(s) : standby_end(s, status);
}

/* This process is the owner already, and lost its connection. */
static enum standby_result
standby_resume(struct standby *s)
{
	struct replica *r = s->replica;
	const struct log_param params[] = {
	    LOG_N(s->seen.epoch), LOG_N(r->instance), LOG_N(0), LOG_N(r->env->backup_row)};
	uint64_t sent = clock_boot_ms();

	switch (log_conn_change(&r->conn, LOG_RENEW, params, ARRAY_LEN(params))) {
	case 1:
		break;
	case 0: /* another machine has taken over since the row was read */
		return STANDBY_WAITS;
	default:
		return standby_failed(s);
	}
	s->epoch = s->seen.epoch;
	s->renewed_at = sent;
	return STANDBY_OWNS;
}

/* Takes over, with all rows that are in the log. If another row comes first, the statement fails. */
static enum standby_result
standby_take(struct standby *s)
{
	struct replica *r = s->replica;
	struct log_row row = replica_next_row(r, s->seen.epoch + 1, (struct slice){0});
	struct position next = {row.seq, log_row_digest(&row)};
	const struct log_param params[] = {LOG_N(s->seen.epoch), LOG_N(s->seen.instance),
	    LOG_N(s->seen.heartbeat), LOG_B(slice_str(r->name)), LOG_N(r->instance),
	    LOG_N(row.seq), LOG_N(row.schema),
	    LOG_B(((struct slice){row.prev.b, sizeof(row.prev.b)}))};
	uint64_t sent = clock_boot_ms();
	int rc;

	switch (log_conn_change(&r->conn, LOG_TAKE, params, ARRAY_LEN(params))) {
	case 1:
		break;
	case 0: /* a heartbeat, or another standby was faster */
		return STANDBY_WAITS;
	default:
		return standby_failed(s);
	}
	rc = apply_position(r, &next);
	if (rc != 0) {
		/* It is in the log, and applied again. */
		strlcpy(r->conn.error, env_strerror(rc), sizeof(r->conn.error));
		return standby_failed(s);
	}
	s->epoch = row.epoch;
	s->renewed_at = sent;
	return STANDBY_OWNS;
}

/* Two machines of one name would each take the other one's hand-over, and count as one standby. */
static void
standby_note_name(struct standby *s, bool lives)
{
	if (s->name_shared || !lives)
		return;
	s->name_shared = true;
	log_event(LOG_ERROR, "log_name_shared", L_STR("name", s->replica->name),
	    L_STR("help", "another machine has this name: set STORE_NAME on one of them"));
}

/* The owner's row, now. */
static struct standby_seen
standby_read_owner(const struct replica *r, const PGresult *row)
{
	struct standby_seen seen = {.some = true,
	    .epoch = log_result_number(row, 0, 0),
	    .instance = log_result_number(row, 0, 2),
	    .heartbeat = log_result_number(row, 0, 3),
	    .offered = slice_eq_str(log_result_bytes(row, 0, 4), r->name),
	    .last = log_result_number(row, 0, 5),
	    .fresh = log_result_number(row, 0, 6) == 1,
	    .since = clock_boot_ms()};

	seen.mine = seen.instance == r->instance;
	seen.named = slice_eq_str(log_result_bytes(row, 0, 1), r->name);
	seen.same_machine = seen.named && replica_same_machine(r, seen.instance);
	return seen;
}

/* Compares the row with what was read before it. */
static void
standby_compare(struct standby *s, const struct standby_seen *was)
{
	struct standby_seen *seen = &s->seen;
	bool same = was->some && was->epoch == seen->epoch && was->heartbeat == seen->heartbeat;

	if (same)
		seen->since = was->since;
	standby_note_name(s,
	    seen->named && !seen->same_machine && was->some && !same &&
		was->instance == seen->instance);
	/* PostgreSQL has lost rows. */
	if (seen->last < s->replica->at.seq)
		s->checked = false;
}

static void
standby_note_status(const struct standby *s, struct slice owner)
{
	struct replica *r = s->replica;

	snprintf(r->status.owner, sizeof(r->status.owner), "%.*s", (int)owner.len,
	    (const char *)owner.p);
	r->status.epoch = s->seen.epoch;
	r->status.behind = s->seen.last > r->at.seq ? s->seen.last - r->at.seq : 0;
}

/* Reads the owner's row. False: it failed. */
static bool
standby_look(struct standby *s)
{
	const struct standby_seen was = s->seen;
	PGresult *row = log_conn_run(&s->replica->conn, LOG_OWNER, NULL, 0);

	if (row == NULL)
		return false;
	s->seen = (struct standby_seen){0};
	if (PQntuples(row) == 1) {
		s->seen = standby_read_owner(s->replica, row);
		standby_compare(s, &was);
		standby_note_status(s, log_result_bytes(row, 0, 1));
	}
	PQclear(row);
	return true;
}

/* Whether an earlier process of this machine was the owner, and did not end soon after it took over. */
static bool
standby_may_resume(const struct standby *s)
{
	return s->restarted && s->seen.same_machine && !s->seen.fresh;
}

/* The time without a heartbeat after which this machine takes over, in ms. */
static uint64_t
standby_patience(const struct standby *s)
{
	if (s->trouble[0] != '\0')
		return REPLICA_TAKE_LAST_MS;
	return s->ended_early && s->seen.same_machine ? REPLICA_TAKE_AGAIN_MS : REPLICA_TAKE_MS;
}

/* Whether the owner is gone, or wants this machine to be the owner. */
static bool
standby_may_take(const struct standby *s)
{
	/* The take-over could not be stored. */
	if (s->replica->env->damage != NULL)
		return false;
	return (s->seen.offered && s->trouble[0] == '\0') || standby_may_resume(s) ||
	    clock_boot_ms() - s->seen.since >= standby_patience(s);
}

/* The process has just started, and may not take over. */
static void
standby_leave_to_others(struct standby *s)
{
	if (s->restarted && s->seen.same_machine && s->seen.fresh) {
		s->ended_early = true;
		log_event(LOG_WARN, "owner_ended_early",
		    L_STR("help",
			"this machine ended less than 30 s after it took over: another one may "
			"take over before it"));
	}
	s->restarted = false;
}

static bool
standby_is_report_due(const struct standby *s)
{
	uint64_t each = s->seen.last > s->trusted ? CONFIRM_ROWS_MS : CONFIRM_MS;

	return s->trusted == 0 || clock_boot_ms() - s->confirmed_at >= each;
}

/* Many rows may take longer than the time after which the owner no longer counts a standby that is silent. */
static enum standby_result
standby_catch_up(struct standby *s)
{
	if (standby_is_report_due(s) && !standby_confirm(s))
		return standby_failed(s);
	return standby_apply(s);
}

/* A log that refuses each row would be owned and lost many times a second. */
static bool
standby_rests(const struct standby *s)
{
	return clock_boot_ms() - s->replica->owned_at < REPLICA_RENEW_MS;
}

enum standby_result
standby_step(struct standby *s)
{
	struct replica *r = s->replica;
	enum standby_result result;
	bool takes;

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
	if (r->at.seq < s->trusted)
		return standby_catch_up(s);
	takes = s->seen.mine || standby_may_take(s);
	if (!takes)
		standby_leave_to_others(s);
	if (takes && r->at.seq == s->seen.last && s->trusted == s->seen.last)
		return !s->seen.mine   ? standby_take(s)
		    : standby_rests(s) ? STANDBY_WAITS
				       : standby_resume(s);
	if (!takes && !standby_is_report_due(s))
		return STANDBY_WAITS;
	if (!standby_confirm(s))
		return standby_failed(s);
	if (r->at.seq < s->trusted)
		return STANDBY_MORE;
	standby_works(s);
	return takes ? STANDBY_MORE : STANDBY_WAITS;
}

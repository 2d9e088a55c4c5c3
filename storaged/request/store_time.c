/*
 * The latest and the steady time are in meta, as decimal numbers, so that people can read them with
 * mdb_dump(1).
 */
#include "storaged/request/store_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* A clock that goes back by less stands still for that long: time servers correct clocks so. */
#define CORRECTION_MS 60000u

/* How much later than the stored time the latest one must be to be stored. */
#define SAVE_BUSY_MS 60000u
#define SAVE_IDLE_MS 600000u

/* How far the clocks of the machines from which logins are imported may differ. */
#define SLACK_MS 3600000u

/* How fast the steady time runs to reach the clock. */
#define CATCH_UP_RATE 24u

static int
store_time_put(struct txn *t, const char *name, uint64_t ms)
{
	struct key key = key_meta(name);
	char text[24];
	int n = snprintf(text, sizeof(text), "%" PRIu64, ms);

	return txn_put(t, TABLE_META, &key, (struct slice){(const uint8_t *)text, (size_t)n});
}

static int
store_time_get(struct txn *t, const char *name, uint64_t *ms)
{
	struct key key = key_meta(name);
	char text[24];
	struct slice value;
	int rc = txn_get(t, TABLE_META, &key, &value);

	*ms = 0;
	if (rc == 0 && slice_copy_text(value, text, sizeof(text)))
		*ms = strtoull(text, NULL, 10);
	/* A damaged entry is reported like any other, and must not prevent a start. */
	return rc == MDB_NOTFOUND || rc == RECORD_DAMAGED ? 0 : rc;
}

static void
store_time_note_ahead(struct store_time *s, uint64_t ahead)
{
	s->ahead = ahead;
	log_event(LOG_WARN, "clock_went_back", L_UINT("ms", ahead),
	    L_STR("help",
		"logins expire by the latest time that was seen; if the clock was wrong then, "
		"run "
		"banter clock reset"));
}

uint64_t
store_time_of(struct env *env, uint64_t clock_ms)
{
	return clock_ms + env->time.ahead;
}

/* A clock that was behind, as on a machine that starts without one, is set forward again: the store's time
 * must not jump with it, but run on until the clock has reached it. */
static void
store_time_note_forward(struct store_time *s, uint64_t clock)
{
	uint64_t mono = clock_mono_ms(), runs_on = s->latest + (mono - s->mono);

	s->mono = mono;
	if (s->ahead > 0 && clock + s->ahead > runs_on + CORRECTION_MS)
		s->ahead = runs_on > clock ? runs_on - clock : 0;
}

uint64_t
store_time_now(struct env *env)
{
	struct store_time *s = &env->time;
	uint64_t clock = clock_wall_ms();

	store_time_note_forward(s, clock);
	if (clock + s->ahead + CORRECTION_MS < s->latest)
		store_time_note_ahead(s, s->latest - clock);
	if (clock + s->ahead > s->latest)
		s->latest = clock + s->ahead;
	return s->latest;
}

uint64_t
store_time_steady(struct env *env)
{
	struct store_time *s = &env->time;
	uint64_t clock = clock_wall_ms(), mono = clock_mono_ms();
	uint64_t most = s->steady + CATCH_UP_RATE * (mono - s->steady_mono);

	if (s->steady == 0)
		s->steady = clock;
	else if (clock > s->steady)
		s->steady = clock < most ? clock : most;
	s->steady_mono = mono;
	return s->steady < clock ? s->steady : clock;
}

uint64_t
store_time_of_activity(const struct env *env, uint64_t clock_ms)
{
	return clock_ms > env->time.steady ? clock_ms : env->time.steady;
}

int
store_time_load(struct env *env)
{
	struct store_time *s = &env->time;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	rc = store_time_get(&t, META_LATEST_TIME, &s->latest);
	if (rc == 0)
		rc = store_time_get(&t, META_STEADY_TIME, &s->steady);
	txn_abort(&t);
	s->saved = s->latest;
	s->steady_saved = s->steady;
	if (s->steady == 0)
		s->steady = s->latest;
	s->steady_mono = clock_mono_ms();
	(void)store_time_now(env);
	return rc;
}

static int
store_time_put_both(struct txn *t, uint64_t latest, uint64_t steady)
{
	int rc = store_time_put(t, META_LATEST_TIME, latest);

	return rc != 0 ? rc : store_time_put(t, META_STEADY_TIME, steady);
}

void
store_time_save(struct env *env, bool busy)
{
	const uint64_t due = busy ? SAVE_BUSY_MS : SAVE_IDLE_MS;
	struct store_time *s = &env->time;
	uint64_t latest = store_time_now(env), steady;
	struct txn t;
	int rc;

	(void)store_time_steady(env);
	steady = s->steady;
	if ((latest - s->saved < due && steady - s->steady_saved < due) || !env->writable)
		return;
	rc = txn_begin(&t, env, TXN_WRITE);
	if (rc == 0)
		rc = store_time_put_both(&t, latest, steady);
	if (rc == 0)
		rc = txn_commit(&t);
	else
		txn_abort(&t);
	if (rc != 0) {
		env_write_failed(env, rc);
		return;
	}
	s->saved = latest;
	s->steady_saved = steady;
}

int
handle_clock_reset(struct txn *t, struct call *c)
{
	uint64_t now = clock_wall_ms();
	int rc = store_time_put_both(t, now, now);

	if (rc != 0)
		return rc;
	/* If the commit fails, the request is answered with an error, and the operator repeats it. */
	t->env->time = (struct store_time){.latest = now,
	    .saved = now,
	    .steady = now,
	    .steady_saved = now,
	    .steady_mono = clock_mono_ms()};
	call_ok(c);
	return 0;
}

bool
store_time_is_valid(struct env *env, uint64_t created_at, uint64_t expires_at)
{
	uint64_t now = store_time_now(env);

	return expires_at > now && created_at <= now + SLACK_MS;
}

/*
 * A step collects conversations in a read transaction, and only if some takeovers end, it ends them in a write
 * transaction.
 */
#include "storaged/turns/silence.h"

#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/conversations/labels.h"
#include "storaged/inbox/takeover.h"
#include "storaged/turns/participants.h"

#define PASS_MIN_MS 100u
#define PASS_MAX_MS 10000u

/* A step: the takeovers that it ends, and what that changes in memory. */
struct silence_work {
	struct txn t;
	struct call call;
	struct effects effects;
	struct live *live;
	uint64_t now;
	size_t n;
	struct id ended[SILENCE_ENDS];
};

unsigned
silence_interval(const struct env *env)
{
	uint64_t ms = env->operator_timeout_ms / 4;

	if (env->operator_timeout_ms == 0)
		return 0;
	return ms < PASS_MIN_MS ? PASS_MIN_MS : ms > PASS_MAX_MS ? PASS_MAX_MS : (unsigned)ms;
}

void
silence_start(struct silence *s)
{
	if (!s->runs)
		*s = (struct silence){.runs = true};
}

/* Whether the agent answers again. */
static int
silence_find_agent(
    struct silence_work *k, const struct msg_conversation_record *conversation, bool *returns)
{
	const union msg m = {
	    .turn_begin = {.org = conversation->org, .widget = conversation->widget}};
	struct participants participants;
	int rc;

	k->call.m = &m;
	rc = participants_find(&k->t, &k->call, &participants);
	k->call.m = NULL;
	*returns = rc == 0 && participants.agent_returns;
	return rc;
}

static void
silence_ask_worker(struct silence_work *k, const struct msg_conversation_record *conversation)
{
	const struct msg_live_left left = {
	    .org = conversation->org,
	    .widget = conversation->widget,
	    .session = conversation->session,
	    .conversation = conversation->id,
	};

	if (k->live->lease.holder == NULL)
		return;
	client_notify(k->live->lease.holder, MSG_LIVE_LEFT, &left);
	k->live->notified = true;
}

/* What becomes of a conversation that a person has. */
static int
silence_consider(struct silence_work *k, const struct msg_conversation_record *conversation)
{
	bool returns, unanswered;
	int rc;

	if (conversation->state != STATE_PERSON ||
	    !takeover_has_lapsed(k->t.env, conversation, k->now))
		return 0;
	rc = silence_find_agent(k, conversation, &returns);
	if (rc == 0 && returns)
		rc = takeover_find_unanswered(&k->t, conversation, &unanswered);
	if (rc != 0 || !returns)
		return rc;
	if (unanswered)
		silence_ask_worker(k, conversation);
	else
		k->ended[k->n++] = conversation->id;
	return 0;
}

/* `banter verify` reports damaged records. */
static int
silence_look_at(struct silence_work *k, struct slice entry)
{
	const struct id id = activity_conversation(entry);
	const struct key key = key_id(&id);
	struct msg_conversation_record conversation;
	int rc = txn_get_record(&k->t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == 0)
		rc = silence_consider(k, &conversation);
	return txn_survives(rc) || rc == CALL_REFUSED ? 0 : rc;
}

/* Where a label of an organization begins in the table, or where that of the next organization does. */
static struct key
silence_seek(struct slice entry)
{
	const struct id person = label_of_state(STATE_PERSON);
	struct id org, label, last;

	org_key_parts((struct slice){entry.p, 2 * sizeof(struct id)}, &org, &label);
	if (memcmp(label.b, person.b, sizeof(person.b)) < 0)
		return key_of_org(&org, &person);
	memset(&last, 0xff, sizeof(last));
	return key_activity_of(&org, &last, 0, &last);
}

static bool
silence_is_of_person(struct slice entry)
{
	const struct id person = label_of_state(STATE_PERSON);

	return memcmp(entry.p + sizeof(person.b), person.b, sizeof(person.b)) == 0;
}

/* Looks at an entry, and goes to the next one that may be of a person. */
static int
silence_look_from(struct silence *s, struct silence_work *k, struct walk *w)
{
	bool fits = key_fits(TABLE_LABELS, w->key);
	int rc = 0;

	if (fits && !silence_is_of_person(w->key)) {
		s->at = silence_seek(w->key);
		return walk_from(w, &s->at);
	}
	if (fits)
		rc = silence_look_at(k, w->key);
	if (rc == 0)
		rc = walk_next(w);
	if (rc == 0)
		s->at = key_of(w->key);
	return rc;
}

/* Looks at the entries from s->at on. MDB_NOTFOUND: the pass is complete. */
static int
silence_look(struct silence *s, struct silence_work *k)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, &k->t, TABLE_LABELS, &all);

	if (rc == 0)
		rc = walk_from(&w, &s->at);
	for (unsigned n = 0; rc == 0 && n < SILENCE_LOOKS && k->n < SILENCE_ENDS; n++)
		rc = silence_look_from(s, k, &w);
	walk_close(&w);
	return rc;
}

/* Ends takeovers, all of them or none. */
static int
silence_end(struct silence_work *k, struct env *env, const struct id *ended, size_t n)
{
	int rc = txn_begin(&k->t, env, TXN_WRITE);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = takeover_release(&k->t, &k->call, &ended[i], STATE_OPEN);
	if (rc == 0)
		return txn_commit(&k->t);
	txn_abort(&k->t);
	return rc;
}

static void
silence_failed(const struct id *conversation, int rc)
{
	log_event(LOG_ERROR, "takeover_not_ended", L_ID("conversation", conversation),
	    L_STR("error", env_strerror(rc)),
	    L_STR("help", "storaged tries again; run banter verify"));
}

/* One that cannot be ended, because its records are damaged, must not keep the others. */
static void
silence_end_all(struct silence_work *k, struct env *env)
{
	int rc = silence_end(k, env, k->ended, k->n);

	for (size_t i = 0; rc != 0 && rc != COMMIT_LOG_LOST && i < k->n && env->damage == NULL;
	     i++) {
		int failed = silence_end(k, env, &k->ended[i], 1);

		if (failed != 0)
			silence_failed(&k->ended[i], failed);
	}
}

bool
silence_step(struct silence *s, struct env *env, struct live *live)
{
	struct silence_work k = {.live = live, .now = clock_wall_ms()};
	int rc;

	if (!s->runs || !env->writable || env->damage != NULL)
		return false;
	k.call = (struct call){.open = live->open, .live = live, .effects = &k.effects};
	rc = txn_begin(&k.t, env, TXN_READ);
	if (rc == 0) {
		rc = silence_look(s, &k);
		txn_abort(&k.t);
	}
	if (k.n > 0)
		silence_end_all(&k, env);
	effects_apply(&k.effects, live);
	effects_clear(&k.effects);
	s->runs = rc == 0;
	return s->runs;
}

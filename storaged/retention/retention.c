/*
 * A step first collects conversations in a read transaction, and only if some are due, it erases them in a
 * write transaction. It may use the reserve of a full store, because it frees space. If it fails, each
 * further step of the pass erases one conversation, so that one that cannot be erased stays alone.
 */
#include "storaged/retention/retention.h"

#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/conversations/turn_view.h"
#include "storaged/inbox/takeover.h"
#include "storaged/records/widgets.h"
#include "storaged/request/store_time.h"
#include "storaged/visitors/erase.h"

/* A step: the conversations that it erases, and what that changes in memory. */
struct retention_work {
	struct env *env;
	struct txn t;
	struct call call;
	struct effects effects;
	unsigned limit;
	uint64_t messages;
	size_t n;
	struct id due[RETENTION_ERASES];
};

void
retention_start(struct retention *r)
{
	uint64_t now = clock_mono_ms();

	if (r->runs || (r->begun_ms != 0 && now - r->begun_ms < RETENTION_PASS_MS))
		return;
	*r = (struct retention){.runs = true, .begun_ms = now};
}

/* Behind all conversations of a widget, and before those of the next one. */
static struct key
retention_widget_end(const struct id *org, const struct id *widget)
{
	struct id last;

	memset(&last, 0xff, sizeof(last));
	return key_activity_of(org, widget, 0, &last);
}

/* How many days a widget's conversations are kept; 0: for ever, or its record is damaged. */
static int
retention_days_of(struct txn *t, const struct id *org, const struct id *widget, uint32_t *days)
{
	struct msg_widget_record record;
	int rc = widget_find(t, org, widget, &record);

	*days = rc == RECORD_DAMAGED ? 0 : t->env->retention_days;
	if (rc == 0 && record.retention_days > 0)
		*days = record.retention_days;
	return rc == MDB_NOTFOUND || rc == RECORD_DAMAGED ? 0 : rc;
}

/* Goes behind the oldest conversation of the widget of this key, or, if they are kept, to the next widget. */
static int
retention_enter_widget(struct retention *r, struct retention_work *k, struct slice key)
{
	const uint64_t now = store_time_steady(k->env);
	struct id org, widget, last;
	uint32_t days;
	int rc;

	org_key_parts((struct slice){key.p, 2 * sizeof(struct id)}, &org, &widget);
	rc = retention_days_of(&k->t, &org, &widget, &days);
	r->at = retention_widget_end(&org, &widget);
	r->in_widget = days > 0 && now > days * CLOCK_DAY_MS;
	if (!r->in_widget)
		return rc;
	r->before = now - days * CLOCK_DAY_MS;
	memset(&last, 0xff, sizeof(last));
	r->newest = key_activity_of(&org, &widget, r->before, &last);
	return rc;
}

static int
retention_has_open_turn(void *arg, const struct id *turn)
{
	bool *open = arg;

	(void)turn;
	*open = true;
	return 0;
}

/* Sets *erase if a conversation is old enough, and nobody writes in it. What an operator does counts as
 * activity. */
static int
retention_consider(const struct retention *r, struct retention_work *k,
    const struct msg_conversation_record *conversation, bool *erase)
{
	bool held = conversation->state == STATE_PERSON &&
	    !takeover_has_lapsed(k->env, conversation, clock_wall_ms());
	bool open = false;
	int rc;

	*erase = false;
	if (held || conversation->updated_at >= r->before ||
	    conversation->operator_at >= r->before)
		return 0;
	rc = turn_view_each_open(
	    &k->t, &k->call, &conversation->id, retention_has_open_turn, &open);
	*erase = rc == 0 && !open;
	return rc;
}

/* Notes a conversation if it is to be erased. `banter verify` reports damaged ones. */
static int
retention_note(const struct retention *r, struct retention_work *k, struct slice entry)
{
	const struct id id = activity_conversation(entry);
	const struct key key = key_id(&id);
	struct msg_conversation_record conversation;
	bool erase = false;
	int rc = txn_get_record(&k->t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == 0)
		rc = retention_consider(r, k, &conversation, &erase);
	if (erase) {
		k->due[k->n++] = id;
		k->messages += conversation.messages;
	}
	return rc == MDB_NOTFOUND || rc == RECORD_DAMAGED ? 0 : rc;
}

/* Looks at the next widget. MDB_NOTFOUND: there is none. */
static int
retention_look_for_widget(struct retention *r, struct retention_work *k, struct walk *w)
{
	int rc = walk_from(w, &r->at);

	while (rc == 0 && !key_fits(TABLE_CONVERSATIONS_BY_WIDGET, w->key))
		rc = walk_next(w);
	return rc != 0 ? rc : retention_enter_widget(r, k, w->key);
}

/* Looks at the next newer conversation of the widget, or leaves the widget. */
static int
retention_look_in_widget(struct retention *r, struct retention_work *k, struct walk *w)
{
	int rc = walk_before(w, &r->at);

	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	if (rc == 0 && key_fits(TABLE_CONVERSATIONS_BY_WIDGET, w->key) &&
	    memcmp(w->key.p, r->newest.b, r->newest.len) > 0) {
		r->at = key_of(w->key);
		return retention_note(r, k, w->key);
	}
	memset(r->at.b + 2 * sizeof(struct id), 0xff, r->at.len - 2 * sizeof(struct id));
	r->in_widget = false;
	return 0;
}

/* Collects conversations to erase. MDB_NOTFOUND: the pass is complete. */
static int
retention_look(struct retention *r, struct retention_work *k)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, &k->t, TABLE_CONVERSATIONS_BY_WIDGET, &all);

	for (unsigned n = 0; rc == 0 && n < RETENTION_LOOKS && k->n < k->limit &&
	     k->messages < RETENTION_MESSAGES;
	     n++)
		rc = r->in_widget ? retention_look_in_widget(r, k, &w)
				  : retention_look_for_widget(r, k, &w);
	walk_close(&w);
	return rc;
}

static int
retention_erase_one(struct retention_work *k, const struct id *id)
{
	const struct key key = key_id(id);
	struct msg_conversation_record conversation;
	int rc = txn_get_record(&k->t, TABLE_CONVERSATIONS, &key, &conversation);

	return rc != 0 ? rc : erase_alone(&k->t, &k->call, &conversation);
}

static int
retention_erase(struct retention_work *k)
{
	int rc = txn_begin(&k->t, k->env, TXN_DELETE);

	for (size_t i = 0; rc == 0 && i < k->n; i++)
		rc = retention_erase_one(k, &k->due[i]);
	if (rc == 0)
		return txn_commit(&k->t);
	txn_abort(&k->t);
	return rc;
}

/* 0: go on; MDB_NOTFOUND: the pass is complete; else nothing was erased. */
static int
retention_run(struct retention *r, struct retention_work *k)
{
	int rc = txn_begin(&k->t, k->env, TXN_READ), erased = 0;

	if (rc != 0)
		return rc;
	rc = retention_look(r, k);
	txn_abort(&k->t);
	if (k->n > 0 && (rc == 0 || rc == MDB_NOTFOUND))
		erased = retention_erase(k);
	if (erased != 0)
		return erased == MDB_NOTFOUND ? RECORD_DAMAGED : erased;
	r->erased += k->n;
	k->env->retention_erased += k->n;
	return rc;
}

static void
retention_end(struct retention *r)
{
	r->runs = false;
	if (r->erased > 0)
		log_event(LOG_NOTICE, "retention_erased", L_UINT("conversations", r->erased));
}

/* Whether the conversations that were to be erased are to blame, and not the disk or memory. */
static bool
retention_is_to_blame(const struct retention_work *k, int rc)
{
	return k->n > 0 && rc < 0 && !env_is_full_error(rc) && !env_is_fatal_error(rc) &&
	    k->env->damage == NULL;
}

/* Nothing was erased. Repeats the step singly; a conversation that fails alone stays, and the pass goes on. */
static void
retention_failed(
    struct retention *r, const struct retention *before, const struct retention_work *k, int rc)
{
	if (!retention_is_to_blame(k, rc)) {
		env_work_failed("retention_failed", rc, "storaged tries again in a minute");
		retention_end(r);
	} else if (r->singly) {
		log_event(LOG_ERROR, "retention_failed", L_ID("conversation", &k->due[0]),
		    L_STR("error", env_strerror(rc)), L_STR("help", "run banter verify"));
	} else {
		*r = *before;
		r->singly = true;
	}
}

static void
retention_step_once(struct retention *r, struct env *env, struct live *live)
{
	const struct retention before = *r;
	struct retention_work k = {.env = env, .limit = r->singly ? 1 : RETENTION_ERASES};
	int rc;

	k.call = (struct call){.open = live->open, .live = live, .effects = &k.effects};
	rc = retention_run(r, &k);
	if (rc == 0 || rc == MDB_NOTFOUND)
		effects_apply(&k.effects, live);
	else
		retention_failed(r, &before, &k, rc);
	effects_clear(&k.effects);
	if (rc == MDB_NOTFOUND)
		retention_end(r);
}

bool
retention_step(struct retention *r, struct env *env, struct live *live)
{
	if (r->runs && env->damage == NULL)
		retention_step_once(r, env, live);
	return r->runs && env->damage == NULL;
}

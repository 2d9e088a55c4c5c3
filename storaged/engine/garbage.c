/*
 * The steps. A walk must not see other changes, so it first collects some turns, which are removed
 * after it. Unreadable records are removed too; the turn of an unreadable reply stays, for `banter
 * verify` to report. Nothing behind an unreadable page can be removed: what is left of that
 * conversation stays.
 */
#include "storaged/engine/garbage.h"

#include "proto/base/basics.h"
#include "proto/base/log.h"

const char garbage_id_in_use[] = "a conversation with this id is still being erased: try again";

/* The replies among some messages. */
struct garbage_turns {
	struct id turns[GARBAGE_STEP];
	size_t n;
};

int
garbage_exists(struct txn *t, const struct id *conversation, bool *left)
{
	struct key key = key_erased(conversation);
	struct slice value;
	int rc;

	*left = false;
	if (t->env->garbage.clean && t->env->garbage.stuck_n == 0)
		return 0;
	rc = txn_get(t, TABLE_META, &key, &value);
	*left = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static bool
garbage_is_stuck(const struct garbage *r, const struct id *conversation)
{
	for (size_t i = 0; i < r->stuck_n; i++)
		if (id_equal(&r->stuck[i], conversation))
			return true;
	return false;
}

/* The first conversation that can be removed, and how often that was tried. Skips entries that
 * name no conversation: `banter verify` reports them. MDB_NOTFOUND: there is none. */
static int
garbage_find(struct txn *t, struct id *conversation, uint8_t *tries)
{
	const struct garbage *r = &t->env->garbage;
	struct key front = key_meta(META_ERASED);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_META, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (
	    rc == 0 && (!meta_erased(w.key, conversation) || garbage_is_stuck(r, conversation)))
		rc = walk_next(&w);
	if (rc == 0)
		*tries = w.value.len == 0 ? 0 : w.value.p[0];
	walk_close(&w);
	return rc;
}

static int
garbage_put_entry(struct txn *t, const struct id *conversation, uint8_t tries)
{
	struct key key = key_erased(conversation);

	return txn_put(t, TABLE_META, &key, (struct slice){&tries, tries == 0 ? 0 : 1});
}

/* Removes the first messages of a conversation, most at most; h gets the replies among them.
 * MDB_NOTFOUND: no message is left. */
static int
garbage_remove_messages(
    struct txn *t, const struct id *conversation, unsigned most, struct garbage_turns *h)
{
	struct key front = key_id(conversation);
	struct msg_message_record message;
	size_t bytes = 0;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MESSAGES, &front);

	h->n = 0;
	for (unsigned n = 0; rc == 0 && n < most && bytes < GARBAGE_BYTES; n++) {
		rc = walk_from(&w, &front);
		if (rc != 0)
			break;
		bytes += w.value.len;
		if (record_read(w.value, TABLE_MESSAGES, MSG_MESSAGE_RECORD, &message) == 0 &&
		    (message.role == MESSAGE_ASSISTANT || message.status == MESSAGE_HANDED))
			h->turns[h->n++] = message.id;
		rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc;
}

/* Removes a reply's turn, unless it belongs to another conversation by now. */
static int
garbage_remove_turn(struct txn *t, const struct id *conversation, const struct id *turn)
{
	struct key key = key_id(turn);
	struct msg_turn_record place;
	int rc = txn_get_record(t, TABLE_TURNS, &key, MSG_TURN_RECORD, &place);

	if (rc == RECORD_DAMAGED || (rc == 0 && id_equal(&place.conversation, conversation)))
		return txn_del(t, TABLE_TURNS, &key);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Removes some client ids. MDB_NOTFOUND: none is left. */
static int
garbage_remove_client_ids(struct txn *t, const struct id *conversation, unsigned most)
{
	struct key front = key_id(conversation);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CLIENT_IDS, &front);

	for (unsigned n = 0; rc == 0 && n < most; n++) {
		rc = walk_from(&w, &front);
		if (rc == 0)
			rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc;
}

/* most: messages, at most GARBAGE_STEP. MDB_NOTFOUND: nothing is left. */
static int
garbage_remove_part(struct txn *t, const struct id *conversation, unsigned most)
{
	struct garbage_turns h;
	int left = garbage_remove_messages(t, conversation, most, &h), rc = 0;

	for (size_t i = 0; i < h.n && rc == 0 && (left == 0 || left == MDB_NOTFOUND); i++)
		rc = garbage_remove_turn(t, conversation, &h.turns[i]);
	if (rc == 0 && left == MDB_NOTFOUND)
		return garbage_remove_client_ids(t, conversation, most);
	return rc != 0 ? rc : left;
}

int
garbage_leave(struct txn *t, const struct id *conversation)
{
	int rc = garbage_remove_part(t, conversation, GARBAGE_STEP);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	t->env->garbage.clean = false;
	return garbage_put_entry(t, conversation, 0);
}

/* The work of one transaction; *r replaces env->garbage once it is committed. */
typedef int garbage_fn(struct txn *t, unsigned most, struct garbage *r);

/* Chooses the next conversation, and counts the try in its entry before it is made. */
static int
garbage_choose_next(struct txn *t, unsigned most, struct garbage *r)
{
	int rc = garbage_find(t, &r->current, &r->tries);

	(void)most;
	if (rc != 0 || r->tries == UINT8_MAX)
		return rc;
	return garbage_put_entry(t, &r->current, ++r->tries);
}

/* If a step succeeds, the next ones will: the count of tries is reset. */
static int
garbage_remove_current(struct txn *t, unsigned most, struct garbage *r)
{
	struct id conversation = r->current;
	struct key key = key_erased(&conversation);
	uint8_t tries = r->tries;
	int rc = garbage_remove_part(t, &conversation, most);

	r->tries = 0;
	if (rc == 0 && tries > 0)
		return garbage_put_entry(t, &conversation, 0);
	if (rc != MDB_NOTFOUND)
		return rc;
	r->current = (struct id){0};
	return txn_del(t, TABLE_META, &key);
}

static int
garbage_run_in_txn(
    struct env *env, enum txn_mode mode, garbage_fn *fn, unsigned most, struct garbage *r)
{
	struct txn t;
	int rc = txn_begin(&t, env, mode);

	if (rc != 0)
		return rc;
	rc = fn(&t, most, r);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

static int
garbage_run(struct env *env, garbage_fn *fn)
{
	struct garbage r = env->garbage;
	int rc = garbage_run_in_txn(env, TXN_WRITE, fn, GARBAGE_STEP, &r);

	/* On a full disk a small step may fit, and frees some space. */
	if (env_is_full_error(rc)) {
		r = env->garbage;
		rc = garbage_run_in_txn(env, TXN_DELETE, fn, GARBAGE_STEP_FULL, &r);
	}
	if (rc == 0)
		env->garbage = r;
	return rc;
}

static const char damaged[] =
    "a page is damaged and still holds erased data: run banter verify";

/* Skips the current conversation until the next start. */
static void
garbage_skip_stuck(struct garbage *r, const char *error)
{
	log_event(LOG_ERROR, "remains_unreadable", L_ID("conversation", &r->current),
	    L_STR("error", error), L_UINT("tries", r->tries), L_STR("help", damaged));
	r->stuck[r->stuck_n++] = r->current;
	r->current = (struct id){0};
	r->given_up = r->stuck_n == ARRAY_LEN(r->stuck);
	if (r->given_up)
		log_event(LOG_ERROR, "remains_given_up", L_UINT("conversations", r->stuck_n));
}

/* The entries are unreadable: nothing more is tried before the next start. */
static void
garbage_give_up(struct garbage *r, int rc)
{
	r->given_up = true;
	log_event(LOG_ERROR, "remains_given_up", L_STR("error", env_strerror(rc)),
	    L_STR("help", damaged));
}

/* Whether trying again may help; otherwise something is unreadable. */
static bool
garbage_is_temporary(int rc)
{
	return rc > 0 || env_is_full_error(rc) || env_is_fatal_error(rc);
}

/* Chooses the conversation to be removed. */
static enum garbage_result
garbage_start_next(struct env *env)
{
	struct garbage *r = &env->garbage;
	int rc = garbage_run(env, garbage_choose_next);

	if (garbage_is_temporary(rc))
		return GARBAGE_STUCK;
	r->clean = rc == MDB_NOTFOUND;
	if (rc == 0 && (r->tries & (r->tries - 1)) != 0)
		garbage_skip_stuck(r, "removing it ended earlier starts");
	else if (rc != 0 && !r->clean)
		garbage_give_up(r, rc);
	return r->clean || r->given_up ? GARBAGE_NONE : GARBAGE_MORE;
}

enum garbage_result
garbage_step(struct env *env)
{
	struct garbage *r = &env->garbage;
	enum garbage_result result = GARBAGE_MORE;
	int rc;

	if (r->clean || r->given_up || env->damage != NULL)
		return GARBAGE_NONE;
	if (id_is_zero(&r->current))
		result = garbage_start_next(env);
	if (id_is_zero(&r->current))
		return result;
	rc = garbage_run(env, garbage_remove_current);
	if (garbage_is_temporary(rc))
		return GARBAGE_STUCK;
	if (rc != 0)
		garbage_skip_stuck(r, env_strerror(rc));
	return r->given_up ? GARBAGE_NONE : GARBAGE_MORE;
}

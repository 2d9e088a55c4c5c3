/*
 * The steps. What a walk finds is removed in handfuls: a walk must not see the changes of others. A record
 * that cannot be read goes as well; of a reply, its turn stays then, for `banter verify` to name. Behind a
 * page that cannot be read nothing can be removed: what is left of that conversation stays, and the
 * others' goes.
 */
#include "storaged/engine/garbage.h"

#include "proto/base/basics.h"
#include "proto/base/log.h"

const char garbage_id_in_use[] = "a conversation with this id is still being erased: try again";

/* The replies among some messages. */
struct handful {
	struct id turns[GARBAGE_STEP];
	size_t n;
};

/* -- the entry in meta -------------------------------------------------------------------- */

int
garbage_exists(struct txn *t, const struct id *conversation, bool *left)
{
	struct key key = key_erased(conversation);
	struct slice value;
	int rc;

	*left = false;
	if (t->env->garbage.swept && t->env->garbage.stuck_n == 0)
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

/* The first conversation of which something is left that may be removed, and how often that was tried.
 * Entries that name none are passed over: `banter verify` shows them. MDB_NOTFOUND: there is none. */
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

/* Notes it in meta. */
static int
garbage_put_entry(struct txn *t, const struct id *conversation, uint8_t tries)
{
	struct key key = key_erased(conversation);

	return txn_put(t, TABLE_META, &key, (struct slice){&tries, tries == 0 ? 0 : 1});
}

/* -- one step ----------------------------------------------------------------------------- */

/* Removes the first messages of a conversation, most at most; h gets the replies among them.
 * MDB_NOTFOUND: no message is left. */
static int
garbage_remove_messages(
    struct txn *t, const struct id *conversation, unsigned most, struct handful *h)
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
		    message.role == MESSAGE_ASSISTANT)
			h->turns[h->n++] = message.id;
		rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc;
}

/* Removes a reply's turn, unless another conversation has it by now. */
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

/* Removes the first names of messages. MDB_NOTFOUND: none is left. */
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
garbage_remove_some_of(struct txn *t, const struct id *conversation, unsigned most)
{
	struct handful h;
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
	int rc = garbage_remove_some_of(t, conversation, GARBAGE_STEP);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	t->env->garbage.swept = false;
	return garbage_put_entry(t, conversation, 0);
}

/* -- the steps between batches ------------------------------------------------------------ */

/* What one transaction does; r becomes what is so once it is committed. */
typedef int step_fn(struct txn *t, unsigned most, struct garbage *r);

/* Chooses the conversation that is next, and counts the try before it is made. */
static int
garbage_choose_next(struct txn *t, unsigned most, struct garbage *r)
{
	int rc = garbage_find(t, &r->now, &r->tries);

	(void)most;
	if (rc != 0 || r->tries == UINT8_MAX)
		return rc;
	return garbage_put_entry(t, &r->now, ++r->tries);
}

/* A step of its removal. Where it ends well, those to come will. */
static int
garbage_remove_some(struct txn *t, unsigned most, struct garbage *r)
{
	struct id conversation = r->now;
	struct key key = key_erased(&conversation);
	uint8_t tries = r->tries;
	int rc = garbage_remove_some_of(t, &conversation, most);

	r->tries = 0;
	if (rc == 0 && tries > 0)
		return garbage_put_entry(t, &conversation, 0);
	if (rc != MDB_NOTFOUND)
		return rc;
	r->now = (struct id){0};
	return txn_del(t, TABLE_META, &key);
}

static int
garbage_run_in_txn(
    struct env *env, enum txn_mode mode, step_fn *fn, unsigned most, struct garbage *r)
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
garbage_run(struct env *env, step_fn *fn)
{
	struct garbage r = env->garbage;
	int rc = garbage_run_in_txn(env, TXN_WRITE, fn, GARBAGE_STEP, &r);

	/* Where there is little room a small one may find it, and makes more. */
	if (env_is_full_error(rc)) {
		r = env->garbage;
		rc = garbage_run_in_txn(env, TXN_DELETE, fn, GARBAGE_STEP_FULL, &r);
	}
	if (rc == 0)
		env->garbage = r;
	return rc;
}

static const char damaged[] =
    "a page is damaged, and what was erased is still in it: banter verify";

/* What is left of this conversation is passed over until the next start. */
static void
garbage_skip_stuck(struct garbage *r, const char *error)
{
	log_event(LOG_ERROR, "remains_unreadable", L_ID("conversation", &r->now),
	    L_STR("error", error), L_UINT("tries", r->tries), L_STR("help", damaged));
	r->stuck[r->stuck_n++] = r->now;
	r->now = (struct id){0};
	r->given_up = r->stuck_n == ARRAY_LEN(r->stuck);
	if (r->given_up)
		log_event(LOG_ERROR, "remains_given_up", L_UINT("conversations", r->stuck_n));
}

/* Nobody can say what is left: nothing more is tried before the next start. */
static void
garbage_give_up(struct garbage *r, int rc)
{
	r->given_up = true;
	log_event(LOG_ERROR, "remains_given_up", L_STR("error", env_strerror(rc)),
	    L_STR("help", damaged));
}

/* A failure that may be over when it is tried again; else, something cannot be read. */
static bool
garbage_is_temporary(int rc)
{
	return rc > 0 || env_is_full_error(rc) || env_is_fatal_error(rc);
}

/* Sees to it that there is a conversation whose turn it is. */
static enum garbage_result
garbage_start_next(struct env *env)
{
	struct garbage *r = &env->garbage;
	int rc = garbage_run(env, garbage_choose_next);

	if (garbage_is_temporary(rc))
		return GARBAGE_STUCK;
	r->swept = rc == MDB_NOTFOUND;
	if (rc == 0 && (r->tries & (r->tries - 1)) != 0)
		garbage_skip_stuck(r, "earlier starts have tried in vain");
	else if (rc != 0 && !r->swept)
		garbage_give_up(r, rc);
	return r->swept || r->given_up ? GARBAGE_NONE : GARBAGE_MORE;
}

enum garbage_result
garbage_step(struct env *env)
{
	struct garbage *r = &env->garbage;
	enum garbage_result result = GARBAGE_MORE;
	int rc;

	if (r->swept || r->given_up)
		return GARBAGE_NONE;
	if (id_is_zero(&r->now))
		result = garbage_start_next(env);
	if (id_is_zero(&r->now))
		return result;
	rc = garbage_run(env, garbage_remove_some);
	if (garbage_is_temporary(rc))
		return GARBAGE_STUCK;
	if (rc != 0)
		garbage_skip_stuck(r, env_strerror(rc));
	return r->given_up ? GARBAGE_NONE : GARBAGE_MORE;
}

/*
 * The steps. What a walk finds is removed in handfuls: a walk must not see the changes of others. What
 * cannot be read goes as well; of a reply, its turn stays then, for `banter verify` to name.
 */
#include "storaged/remains.h"

#include "proto/basics.h"
#include "proto/log.h"

const char remains_taken[] = "a conversation with this id is still being erased: try again";

/* The replies among some messages. */
struct handful {
	struct id turns[REMAINS_STEP];
	size_t n;
};

/* -- the entry in meta -------------------------------------------------------------------- */

int
remains_of(struct txn *t, const struct id *conversation, bool *left)
{
	struct key key = key_erased(conversation);
	struct slice value;
	int rc;

	*left = false;
	if (t->env->swept)
		return 0;
	rc = txn_get(t, TABLE_META, &key, &value);
	*left = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The first conversation of which something is left. MDB_NOTFOUND: there is none. */
static int
find_remains(struct txn *t, struct id *conversation)
{
	struct key front = key_meta(META_ERASED);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_META, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	if (rc == 0 && !meta_erased(w.key, conversation))
		rc = RECORD_DAMAGED;
	walk_close(&w);
	return rc;
}

/* -- one step ----------------------------------------------------------------------------- */

/* Removes the first messages of a conversation, most at most; h gets the replies among them.
 * MDB_NOTFOUND: no message is left. */
static int
drop_messages(struct txn *t, const struct id *conversation, unsigned most, struct handful *h)
{
	struct key front = key_id(conversation);
	struct msg_message_record message;
	size_t bytes = 0;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MESSAGES, &front);

	h->n = 0;
	for (unsigned n = 0; rc == 0 && n < most && bytes < REMAINS_BYTES; n++) {
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
drop_turn(struct txn *t, const struct id *conversation, const struct id *turn)
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
drop_names(struct txn *t, const struct id *conversation, unsigned most)
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

/* most: messages, at most REMAINS_STEP. MDB_NOTFOUND: nothing is left. */
static int
drop_some(struct txn *t, const struct id *conversation, unsigned most)
{
	struct handful h;
	int left = drop_messages(t, conversation, most, &h), rc = 0;

	for (size_t i = 0; i < h.n && rc == 0 && (left == 0 || left == MDB_NOTFOUND); i++)
		rc = drop_turn(t, conversation, &h.turns[i]);
	if (rc == 0 && left == MDB_NOTFOUND)
		return drop_names(t, conversation, most);
	return rc != 0 ? rc : left;
}

int
remains_leave(struct txn *t, const struct id *conversation)
{
	struct key key = key_erased(conversation);
	int rc = drop_some(t, conversation, REMAINS_STEP);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	t->env->swept = false;
	return txn_put(t, TABLE_META, &key, (struct slice){0});
}

/* -- the steps between batches ------------------------------------------------------------ */

/* Within a transaction. MDB_NOTFOUND: there was nothing to be done. */
static int
step(struct txn *t, unsigned most)
{
	struct id conversation;
	struct key key;
	int rc = find_remains(t, &conversation);

	if (rc != 0)
		return rc;
	rc = drop_some(t, &conversation, most);
	if (rc != MDB_NOTFOUND)
		return rc;
	key = key_erased(&conversation);
	return txn_del(t, TABLE_META, &key);
}

static int
step_in(struct env *env, enum txn_mode mode, unsigned most)
{
	struct txn t;
	int rc = txn_begin(&t, env, mode);

	if (rc != 0)
		return rc;
	rc = step(&t, most);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

enum remains_result
remains_step(struct env *env)
{
	int rc;

	if (env->swept || env->unsweepable)
		return REMAINS_NONE;
	rc = step_in(env, TXN_WRITE, REMAINS_STEP);
	/* Where there is little room a small one may find it, and makes more. */
	if (env_is_full_error(rc))
		rc = step_in(env, TXN_DELETE, REMAINS_STEP_FULL);
	if (rc == 0)
		return REMAINS_MORE;
	if (rc > 0 || env_is_full_error(rc) || env_is_fatal_error(rc))
		return REMAINS_STUCK;
	env->swept = rc == MDB_NOTFOUND;
	env->unsweepable = !env->swept;
	if (env->unsweepable)
		log_event(LOG_ERROR, "remains_unreadable", L_STR("error", txn_strerror(rc)));
	return REMAINS_NONE;
}

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
	struct slice value;
	struct key key;
	int rc;

	*left = false;
	if (t->env->garbage.clean && t->env->garbage.stuck_n == 0)
		return 0;
	key = key_erased(conversation);
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

/* Reads the value of an entry. An older banter has stored the tries alone, or no bytes. */
static struct msg_erasure_record
garbage_read_entry(struct slice value)
{
	struct msg_erasure_record entry;

	if (record_decode(value, MSG_ERASURE_RECORD, &entry) != WIRE_OK)
		entry = (struct msg_erasure_record){.tries = value.len == 1 ? value.p[0] : 0};
	return entry;
}

bool
garbage_owner(struct slice value, struct id *org, struct id *widget)
{
	struct msg_erasure_record entry = garbage_read_entry(value);

	*org = entry.org;
	*widget = entry.widget;
	return !id_is_zero(&entry.org);
}

/* The first conversation that can be removed. Skips entries that name no conversation: `banter verify`
 * reports them. MDB_NOTFOUND: there is none. */
static int
garbage_find(struct txn *t, struct id *conversation, struct msg_erasure_record *entry)
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
		*entry = garbage_read_entry(w.value);
	walk_close(&w);
	return rc;
}

static int
garbage_put_entry(
    struct txn *t, const struct id *conversation, const struct msg_erasure_record *entry)
{
	struct key key = key_erased(conversation);

	return txn_put_meta(t, &key, MSG_ERASURE_RECORD, entry);
}

/* Tells who counts that the message where the walk stands is removed. message: NULL if it is damaged. */
static int
garbage_tell(const struct walk *w, const struct msg_erasure_record *entry,
    const struct msg_message_record *message)
{
	env_erased_fn *erased = w->txn->env->erased;

	if (erased == NULL || id_is_zero(&entry->org))
		return 0;
	return erased(w->txn, &entry->org, &entry->widget, message_seq(w->key), message);
}

/* Removes the message where the walk stands; h gets a reply. */
static int
garbage_remove_message(
    struct walk *w, const struct msg_erasure_record *entry, struct garbage_turns *h)
{
	struct msg_message_record message;
	bool readable = record_read(w->value, TABLE_MESSAGES, &message) == 0;
	int rc = garbage_tell(w, entry, readable ? &message : NULL);

	if (readable && (message.role == MESSAGE_ASSISTANT || message.status == MESSAGE_HANDED))
		h->turns[h->n++] = message.id;
	return rc != 0 ? rc : walk_delete(w);
}

/* Removes the first messages of a conversation, most at most; h gets the replies among them.
 * MDB_NOTFOUND: no message is left. */
static int
garbage_remove_messages(struct txn *t, const struct id *conversation,
    const struct msg_erasure_record *entry, unsigned most, struct garbage_turns *h)
{
	struct key front = key_id(conversation);
	size_t bytes = 0;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MESSAGES, &front);

	h->n = 0;
	for (unsigned n = 0; rc == 0 && n < most && bytes < GARBAGE_BYTES; n++) {
		rc = walk_from(&w, &front);
		if (rc != 0)
			break;
		bytes += w.value.len;
		rc = garbage_remove_message(&w, entry, h);
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
	int rc = txn_get_record(t, TABLE_TURNS, &key, &place);

	if (rc == RECORD_DAMAGED || (rc == 0 && id_equal(&place.conversation, conversation)))
		return txn_del(t, TABLE_TURNS, &key);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Removes some entries of a table that belong to the conversation. MDB_NOTFOUND: none is left. */
static int
garbage_remove_entries(
    struct txn *t, enum table table, const struct id *conversation, unsigned most)
{
	struct key front = key_id(conversation);
	struct walk w;
	int rc = walk_open(&w, t, table, &front);

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
garbage_remove_part(struct txn *t, const struct id *conversation,
    const struct msg_erasure_record *entry, unsigned most)
{
	struct garbage_turns h;
	int left = garbage_remove_messages(t, conversation, entry, most, &h), rc = 0;

	for (size_t i = 0; i < h.n && rc == 0 && (left == 0 || left == MDB_NOTFOUND); i++)
		rc = garbage_remove_turn(t, conversation, &h.turns[i]);
	if (rc == 0 && left == MDB_NOTFOUND)
		left = garbage_remove_entries(t, TABLE_CLIENT_IDS, conversation, most);
	if (rc == 0 && left == MDB_NOTFOUND)
		left = garbage_remove_entries(t, TABLE_STEPS, conversation, most);
	return rc != 0 ? rc : left;
}

int
garbage_leave(struct txn *t, const struct msg_conversation_record *conversation)
{
	const struct id id = conversation->id;
	const struct msg_erasure_record entry = {
	    .org = conversation->org, .widget = conversation->widget};
	int rc = garbage_remove_part(t, &id, &entry, GARBAGE_STEP);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	t->env->garbage.clean = false;
	return garbage_put_entry(t, &id, &entry);
}

/* The work of one transaction; *r replaces env->garbage once it is committed. */
typedef int garbage_fn(struct txn *t, unsigned most, struct garbage *r);

/* Chooses the next conversation, and counts the try in its entry before it is made. */
static int
garbage_choose_next(struct txn *t, unsigned most, struct garbage *r)
{
	struct msg_erasure_record entry;
	int rc = garbage_find(t, &r->current, &entry);

	(void)most;
	if (rc != 0)
		return rc;
	if (entry.tries < UINT8_MAX) {
		entry.tries++;
		rc = garbage_put_entry(t, &r->current, &entry);
	}
	r->tries = entry.tries;
	r->org = entry.org;
	r->widget = entry.widget;
	return rc;
}

/* If a step succeeds, the next ones will: the count of tries is reset. */
static int
garbage_remove_current(struct txn *t, unsigned most, struct garbage *r)
{
	struct id conversation = r->current;
	struct key key = key_erased(&conversation);
	const struct msg_erasure_record entry = {.org = r->org, .widget = r->widget};
	uint8_t tries = r->tries;
	int rc = garbage_remove_part(t, &conversation, &entry, most);

	r->tries = 0;
	if (rc == 0 && tries > 0)
		return garbage_put_entry(t, &conversation, &entry);
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

/*
 * Visitors. Each page view of a browser without a token makes one, and most never write; nobody deletes
 * them, so each new one removes some: it looks at a few of those that follow it in the table. The keys
 * are hashes, so every part of the table gets its turn (as logins.c).
 */
#include "storaged/visitors/visitors.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/conversations/conversations.h"
#include "storaged/records/widgets.h"
#include "storaged/visitors/contacts.h"

/* Visitors that a new one looks at. */
#define PURGE_LOOKS 16

const char visitor_gone[] = "the visitor's token is good for nothing any more";

/* -- sessions ----------------------------------------------------------------------------- */

struct visitor_session
visitor_session(const struct id *visitor)
{
	struct visitor_session session = {VISITOR_SESSION};

	id_format(visitor, session.s + strlen(VISITOR_SESSION));
	return session;
}

bool
visitor_of_session(struct slice session, struct id *visitor)
{
	const size_t n = sizeof(VISITOR_SESSION) - 1;

	if (session.len != n + ID_TEXT_LEN || memcmp(session.p, VISITOR_SESSION, n) != 0)
		return false;
	return id_parse((struct slice){session.p + n, ID_TEXT_LEN}, visitor) == 0;
}

/* -- finding ------------------------------------------------------------------------------ */

/* Reads a visitor, without a contact that has been deleted. */
static int
get(struct txn *t, const struct key *key, struct msg_visitor_record *visitor)
{
	struct msg_contact_record contact;
	int rc = txn_get_record(t, TABLE_VISITORS, key, MSG_VISITOR_RECORD, visitor);

	if (rc != 0 || id_is_zero(&visitor->contact))
		return rc;
	rc = contact_find(t, &visitor->org, &visitor->contact, &contact);
	if (rc == MDB_NOTFOUND) {
		visitor->contact = (struct id){0};
		return 0;
	}
	return rc;
}

int
visitor_by_token(struct txn *t, const struct hash256 *token, struct msg_visitor_record *visitor)
{
	struct key key = key_hash(token);

	return get(t, &key, visitor);
}

/* The key under which a visitor is stored. */
static int
key_of_visitor(struct txn *t, const struct id *id, struct key *key)
{
	struct key by_id = key_id(id);
	struct slice token;
	int rc = txn_get(t, TABLE_VISITORS_BY_ID, &by_id, &token);

	if (rc != 0)
		return rc;
	if (!key_fits(TABLE_VISITORS, token))
		return RECORD_DAMAGED;
	*key = key_of(token);
	return 0;
}

int
visitor_by_id(struct txn *t, const struct id *id, struct msg_visitor_record *visitor)
{
	struct key key;
	int rc = key_of_visitor(t, id, &key);

	if (rc != 0)
		return rc;
	rc = get(t, &key, visitor);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

/* Whether a visitor's token is good at its widget, or will be when that is enabled. */
static bool
is_of_generation(
    const struct msg_visitor_record *visitor, const struct msg_widget_record *widget)
{
	return id_equal(&visitor->org, &widget->org) &&
	    id_equal(&visitor->widget, &widget->id) &&
	    visitor->generation == widget->generation;
}

bool
visitor_is_welcome(
    const struct msg_visitor_record *visitor, const struct msg_widget_record *widget)
{
	return widget->enabled && is_of_generation(visitor, widget);
}

int
visitor_find(struct txn *t, const struct hash256 *token, struct msg_visitor_record *visitor,
    struct msg_widget_record *widget)
{
	int rc = visitor_by_token(t, token, visitor);

	if (rc == 0)
		rc = widget_find(t, &visitor->org, &visitor->widget, widget);
	if (rc == 0 && !visitor_is_welcome(visitor, widget))
		return MDB_NOTFOUND;
	return rc;
}

int
visitor_conversation(
    struct txn *t, const struct msg_visitor_record *visitor, struct id *conversation)
{
	const struct visitor_session session = visitor_session(&visitor->id);
	const struct id none = {0};
	struct msg_conversation_record record;
	bool fresh;
	int rc = conversation_of_session(
	    t, &visitor->org, &visitor->widget, slice_str(session.s), &none, &record, &fresh);

	*conversation = record.id;
	return rc == 0 && fresh ? MDB_NOTFOUND : rc;
}

/* -- storing ------------------------------------------------------------------------------ */

int
visitor_put(struct txn *t, const struct msg_visitor_record *visitor)
{
	struct key key = key_hash(&visitor->token), by_id = key_id(&visitor->id);
	int rc = txn_put_record(t, TABLE_VISITORS, &key, MSG_VISITOR_RECORD, visitor);

	return rc != 0 ? rc : txn_put(t, TABLE_VISITORS_BY_ID, &by_id, key_slice(&key));
}

/* Removes a visitor by both of its keys. */
static int
drop(struct txn *t, const struct key *key, const struct id *visitor)
{
	struct key by_id = key_id(visitor);
	int rc = txn_del(t, TABLE_VISITORS, key);

	return rc != 0 ? rc : txn_del(t, TABLE_VISITORS_BY_ID, &by_id);
}

int
visitor_drop(struct txn *t, const struct id *visitor)
{
	struct key key;
	int rc = key_of_visitor(t, visitor, &key);

	if (rc == 0)
		rc = drop(t, &key, visitor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
visitor_release(struct txn *t, struct msg_visitor_record *visitor)
{
	if (!id_is_zero(&visitor->contact))
		return 0;
	visitor->used = false;
	visitor->created_at = clock_wall_ms();
	return visitor_put(t, visitor);
}

/* Visitors that are to go. */
struct stale {
	struct {
		struct key key;
		struct id id;
	} of[PURGE_LOOKS];
	size_t n;
};

/* Whether a visitor who is not followed has nothing, and will not come back. */
static int
is_stale(struct txn *t, const struct msg_visitor_record *visitor, uint64_t now, bool *stale)
{
	struct msg_widget_record widget;
	int rc;

	*stale = false;
	if (visitor->used)
		return 0;
	rc = widget_find(t, &visitor->org, &visitor->widget, &widget);
	if (rc == 0)
		*stale = !is_of_generation(visitor, &widget) ||
		    (now > visitor->created_at &&
			now - visitor->created_at >= VISITOR_UNUSED_MS);
	else if (rc == MDB_NOTFOUND)
		*stale = true;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Goes on to the next visitor, behind the last to the first. */
static int
walk_round(struct walk *w, bool *wrapped)
{
	const struct key all = {0};
	int rc = walk_next(w);

	if (rc != MDB_NOTFOUND || *wrapped)
		return rc;
	*wrapped = true;
	return walk_from(w, &all);
}

/* Looks at a few visitors from where the walk stands. What cannot be read stays, to be found. */
static int
find_stale(struct walk *w, const struct topics *rooms, uint64_t now, struct stale *found)
{
	struct msg_visitor_record visitor;
	bool wrapped = false, stale;
	int rc = 0;

	for (int looks = 0; rc == 0 && looks < PURGE_LOOKS; looks++) {
		stale = false;
		if (record_read(w->value, TABLE_VISITORS, MSG_VISITOR_RECORD, &visitor) == 0 &&
		    !rooms_have(rooms, &visitor.id))
			rc = is_stale(w->txn, &visitor, now, &stale);
		if (rc == RECORD_DAMAGED)
			rc = 0;
		if (stale) {
			found->of[found->n].key = key_of(w->key);
			found->of[found->n++].id = visitor.id;
		}
		if (rc == 0)
			rc = walk_round(w, &wrapped);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Removes the stale ones among the next few. One that is followed since this very commit comes anew. */
static int
purge(struct txn *t, struct call *c, const struct key *at, uint64_t now)
{
	const struct key all = {0};
	struct stale stale = {.n = 0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_VISITORS, &all);

	if (rc == 0)
		rc = walk_from(&w, at);
	if (rc == 0)
		rc = find_stale(&w, &c->live->rooms, now, &stale);
	walk_close(&w);
	for (size_t i = 0; rc == 0 && i < stale.n; i++) {
		rc = drop(t, &stale.of[i].key, &stale.of[i].id);
		call_end_visitor(c, &stale.of[i].id);
	}
	return rc;
}

/* -- requests ----------------------------------------------------------------------------- */

/* A visitor's record as bytes, until the next put. */
static struct slice
encoded(struct txn *t, const struct msg_visitor_record *visitor)
{
	struct buf *scratch = &t->env->record;

	buf_reset(scratch);
	must(record_encode(scratch, MSG_VISITOR_RECORD, visitor) == 0);
	return buf_slice(scratch);
}

static int
answer_opened(
    struct txn *t, struct call *c, const struct msg_visitor_record *visitor, bool resumed)
{
	struct key key = key_of_org(&visitor->org, &visitor->widget);
	struct slice widget;
	int rc = txn_get(t, TABLE_WIDGETS, &key, &widget);

	if (rc == 0)
		call_answer(c, MSG_VISITOR_OPENED,
		    &(struct msg_visitor_opened){
			.widget = widget,
			.visitor = encoded(t, visitor),
			.resumed = resumed,
		    });
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

/* Refuses a fresh visitor whose id or token another one has. *known: it is there already, by the same
 * request, and *fresh becomes it. */
static int
check_fresh(struct txn *t, struct call *c, struct msg_visitor_record *fresh, bool *known)
{
	struct msg_visitor_record there;
	struct key key;
	int rc = visitor_by_token(t, &fresh->token, &there);

	*known = rc == 0;
	if (rc == 0 &&
	    (!id_equal(&there.id, &fresh->id) || !id_equal(&there.widget, &fresh->widget) ||
		there.generation != fresh->generation))
		return call_refuse(c, STORE_INVALID, "another visitor has this token");
	if (rc == 0)
		*fresh = there;
	if (rc != MDB_NOTFOUND)
		return rc;
	rc = key_of_visitor(t, &fresh->id, &key);
	if (rc == 0)
		return call_refuse(c, STORE_INVALID, "another visitor has this id");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* A visitor without a token, or without a good one. */
static int
open_fresh(struct txn *t, struct call *c, const struct msg_widget_record *widget)
{
	const struct msg_visitor_open *m = &c->m->visitor_open;
	struct msg_visitor_record fresh = {
	    .v = RECORD_VERSION,
	    .id = m->fresh_id,
	    .org = widget->org,
	    .widget = widget->id,
	    .generation = widget->generation,
	    .token = m->fresh_token,
	    .created_at = clock_wall_ms(),
	};
	struct key key = key_hash(&m->fresh_token);
	bool known;
	int rc = check_fresh(t, c, &fresh, &known);

	if (rc == 0 && !known && !call_may_write(t))
		return CALL_WRITES;
	if (rc == 0 && !known) {
		rc = visitor_put(t, &fresh);
		if (rc == 0)
			rc = purge(t, c, &key, fresh.created_at);
	}
	return rc != 0 ? rc : answer_opened(t, c, &fresh, false);
}

/* A visitor with a good token. One that will soon be too old to be kept has come anew, so that its token
 * stays good for the page that it has opened; a store that takes no writes removes none either. */
static int
resume(struct txn *t, struct call *c, struct msg_visitor_record *visitor)
{
	uint64_t now = clock_wall_ms();
	int rc = 0;

	if (call_may_write(t) && !visitor->used && now > visitor->created_at &&
	    now - visitor->created_at >= VISITOR_UNUSED_MS / 2) {
		visitor->created_at = now;
		rc = visitor_put(t, visitor);
	}
	return rc != 0 ? rc : answer_opened(t, c, visitor, true);
}

int
visitor_open(struct txn *t, struct call *c)
{
	const struct msg_visitor_open *m = &c->m->visitor_open;
	struct msg_visitor_record visitor;
	struct msg_widget_record widget;
	int rc;

	if (id_is_zero(&m->fresh_id) || hash_is_zero(&m->fresh_token))
		return call_refuse(c, STORE_INVALID, "a visitor needs an id and a token");
	rc = widget_find_public(t, m->public_id, &widget);
	if (rc == MDB_NOTFOUND || (rc == 0 && !widget.enabled))
		return call_refuse(c, STORE_NOT_FOUND, "no such widget");
	if (rc != 0)
		return rc;
	rc = visitor_by_token(t, &m->token, &visitor);
	if (rc == 0 && is_of_generation(&visitor, &widget))
		return resume(t, c, &visitor);
	return rc == 0 || rc == MDB_NOTFOUND ? open_fresh(t, c, &widget) : rc;
}

/* How it stands with a visitor's conversation. */
static int
find_state(struct txn *t, struct call *c, const struct msg_visitor_record *visitor,
    struct msg_visitor_state *state)
{
	int rc = visitor_conversation(t, visitor, &state->conversation);

	if (rc == MDB_NOTFOUND) {
		state->conversation = (struct id){0};
		return 0;
	}
	return rc != 0 ? rc
		       : conversation_newest_open(t, c, &state->conversation, &state->active);
}

int
visitor_follow(struct txn *t, struct call *c)
{
	struct msg_visitor_record visitor;
	struct msg_widget_record widget;
	struct msg_visitor_state state = {0};
	int rc = visitor_find(t, &c->m->visitor_follow.token, &visitor, &widget);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_GONE, visitor_gone);
	if (rc == 0)
		rc = find_state(t, c, &visitor, &state);
	if (rc != 0)
		return rc;
	if (!rooms_have_room(&c->live->rooms, c->from, &visitor.id))
		return call_refuse(c, STORE_FULL, "too many visitors are followed");
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_VISITOR_FOLLOW,
		.client = c->from,
		.visitor = visitor.id,
		.widget = visitor.widget,
	    });
	state.visitor = encoded(t, &visitor);
	call_answer(c, MSG_VISITOR_STATE, &state);
	return 0;
}

int
visitor_leave(struct txn *t, struct call *c)
{
	(void)t;
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_VISITOR_UNFOLLOW,
		.client = c->from,
		.visitor = c->m->visitor_leave.visitor,
	    });
	call_ok(c);
	return 0;
}

/* -- import ------------------------------------------------------------------------------- */

static const char *
visitor_fault(const struct msg_visitor_record *r)
{
	if (r->v != RECORD_VERSION)
		return "the visitor is of an unknown version";
	if (id_is_zero(&r->id) || id_is_zero(&r->org) || id_is_zero(&r->widget))
		return "a visitor needs its id, its organization and its widget";
	if (hash_is_zero(&r->token))
		return "a visitor needs its token";
	return NULL;
}

/* An export that is older than what a visitor has done since does not take that back. */
static void
join_visitors(struct msg_visitor_record *r, const struct msg_visitor_record *there)
{
	r->used |= there->used;
	if (id_is_zero(&r->contact))
		r->contact = there->contact;
}

int
visitor_import(struct txn *t, struct call *c, const struct msg_visitor_record *record)
{
	const char *fault = visitor_fault(record);
	struct msg_visitor_record r = *record, there;
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = visitor_by_token(t, &record->token, &there);
	if (rc == 0 && !id_equal(&there.id, &record->id))
		return call_refuse(c, STORE_INVALID, "another visitor has this token");
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = visitor_by_id(t, &record->id, &there);
	if (rc == 0 && !id_equal(&there.org, &record->org))
		return call_refuse(
		    c, STORE_INVALID, "another organization's visitor has this id");
	if (rc == 0) {
		join_visitors(&r, &there);
		/* It may have had another token. */
		rc = visitor_drop(t, &record->id);
		call_end_visitor(c, &record->id);
	}
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = visitor_put(t, &r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

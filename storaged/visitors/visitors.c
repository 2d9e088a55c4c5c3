/*
 * Nothing deletes a visitor whose conversation was erased, so each new visitor checks a few visitors that follow it in
 * the table and removes the stale ones. The keys are hashes, so every part of the table is checked in time (as in
 * logins.c).
 */
#include "storaged/visitors/visitors.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/conversations/conversations.h"
#include "storaged/identities/returns.h"
#include "storaged/mail/addresses.h"
#include "storaged/records/widgets.h"

/* Visitors that a new one checks. */
#define VISITOR_PURGE_LOOKS 16

const char visitor_gone[] = "the visitor token is invalid or expired";

/* Whether a visitor's token is valid at its widget, apart from whether the widget is enabled. */
static bool
visitor_is_of_generation(
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
	return widget->enabled && visitor_is_of_generation(visitor, widget);
}

int
visitor_find_claimed(
    struct txn *t, const struct visitor_claim *claim, struct msg_visitor_record *visitor)
{
	bool taken;
	int rc = visitor_by_token(t, &claim->token, visitor);

	if (rc != MDB_NOTFOUND || claim->vouched == 0)
		return rc;
	/* By a visitor with another token: its session is not this one's. */
	rc = visitor_id_taken(t, &claim->visitor, &taken);
	if (rc == 0 && taken)
		return MDB_NOTFOUND;
	*visitor = (struct msg_visitor_record){
	    .v = RECORD_VERSION,
	    .id = claim->visitor,
	    .org = claim->org,
	    .widget = claim->widget,
	    .generation = claim->vouched - 1,
	    .token = claim->token,
	};
	return rc;
}

int
visitor_find(struct txn *t, const struct visitor_claim *claim,
    struct msg_visitor_record *visitor, struct msg_widget_record *widget)
{
	int rc = visitor_find_claimed(t, claim, visitor);

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

int
visitor_release(struct txn *t, struct msg_visitor_record *visitor)
{
	if (!id_is_zero(&visitor->contact))
		return 0;
	visitor->used = false;
	visitor->created_at = clock_wall_ms();
	return visitor_put(t, visitor);
}

struct visitor_purge {
	struct {
		struct key key;
		struct id id;
	} stale[VISITOR_PURGE_LOOKS];
	size_t n;
};

/* Sets *stale if an unfollowed visitor has nothing stored and is too old, or its token is invalid. */
static int
visitor_is_stale(
    struct txn *t, const struct msg_visitor_record *visitor, uint64_t now, bool *stale)
{
	struct msg_widget_record widget;
	int rc;

	*stale = !visitor->used && now > visitor->created_at &&
	    now - visitor->created_at >= VISITOR_UNUSED_MS;
	if (visitor->used || visitor->generation == VISITOR_ERASED || *stale)
		return 0;
	rc = widget_find(t, &visitor->org, &visitor->widget, &widget);
	if (rc == 0)
		*stale = !visitor_is_of_generation(visitor, &widget);
	else if (rc == MDB_NOTFOUND)
		*stale = true;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Moves to the next visitor, from the last one to the first. */
static int
visitor_walk_round(struct walk *w, bool *wrapped)
{
	const struct key all = {0};
	int rc = walk_next(w);

	if (rc != MDB_NOTFOUND || *wrapped)
		return rc;
	*wrapped = true;
	return walk_from(w, &all);
}

/* Checks a few visitors from the walk's position on. Damaged ones stay, for `banter verify` to find. */
static int
visitor_find_stale(
    struct walk *w, const struct topics *rooms, uint64_t now, struct visitor_purge *found)
{
	struct msg_visitor_record visitor;
	bool wrapped = false, stale;
	int rc = 0;

	for (int looks = 0; rc == 0 && looks < VISITOR_PURGE_LOOKS; looks++) {
		stale = false;
		if (record_read(w->value, TABLE_VISITORS, &visitor) == 0 &&
		    !rooms_have(rooms, &visitor.id))
			rc = visitor_is_stale(w->txn, &visitor, now, &stale);
		if (rc == RECORD_DAMAGED)
			rc = 0;
		if (stale) {
			found->stale[found->n].key = key_of(w->key);
			found->stale[found->n++].id = visitor.id;
		}
		if (rc == 0)
			rc = visitor_walk_round(w, &wrapped);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Removes the stale visitors among the next few. A visitor that is followed only since this batch opens
 * again as a new one. */
static int
visitor_purge(struct txn *t, struct call *c, const struct key *at, uint64_t now)
{
	const struct key all = {0};
	struct visitor_purge found = {.n = 0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_VISITORS, &all);

	if (rc == 0)
		rc = walk_from(&w, at);
	if (rc == 0)
		rc = visitor_find_stale(&w, &c->live->rooms, now, &found);
	walk_close(&w);
	for (size_t i = 0; rc == 0 && i < found.n; i++) {
		rc = visitor_drop_key(t, &found.stale[i].key, &found.stale[i].id);
		call_end_room(c, &found.stale[i].id);
	}
	return rc;
}

int
visitor_put_used(struct txn *t, struct call *c, const struct msg_visitor_record *visitor)
{
	struct msg_visitor_record used = *visitor;
	struct key key = key_hash(&used.token);
	bool known;
	int rc = visitor_id_taken(t, &used.id, &known);

	used.used = true;
	if (rc == 0 && !known)
		used.created_at = clock_wall_ms();
	if (rc == 0)
		rc = visitor_put(t, &used);
	if (rc == 0 && !known)
		rc = visitor_purge(t, c, &key, clock_wall_ms());
	return rc;
}

/* Encodes a visitor in env->record, with the token by which it was found: valid until the next put. */
static struct slice
visitor_encode(
    struct txn *t, const struct msg_visitor_record *visitor, const struct hash256 *token)
{
	struct msg_visitor_record shown = *visitor;
	struct buf *scratch = &t->env->record;

	shown.token = *token;
	buf_reset(scratch);
	must(record_encode(scratch, MSG_VISITOR_RECORD, &shown) == 0);
	return buf_slice(scratch);
}

static int
visitor_answer_opened(struct txn *t, struct call *c, const struct msg_visitor_record *visitor,
    const struct hash256 *token, bool resumed)
{
	struct key key = key_of_org(&visitor->org, &visitor->widget);
	struct slice widget;
	int rc = txn_get(t, TABLE_WIDGETS, &key, &widget);

	if (rc == 0)
		call_answer(c, MSG_VISITOR_OPENED,
		    &(struct msg_visitor_opened){
			.widget = widget,
			.visitor = visitor_encode(t, visitor, token),
			.resumed = resumed,
		    });
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
visitor_erase(struct txn *t, const struct id *id)
{
	struct msg_visitor_record visitor;
	int rc = visitor_by_id(t, id, &visitor);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc == 0)
		rc = returns_remove_all(t, id);
	if (rc == 0)
		return visitor_put(t,
		    &(struct msg_visitor_record){
			.v = RECORD_VERSION,
			.id = visitor.id,
			.org = visitor.org,
			.widget = visitor.widget,
			.token = visitor.token,
			.generation = VISITOR_ERASED,
			.created_at = clock_wall_ms(),
		    });
	return txn_survives(rc) ? visitor_drop(t, id) : rc;
}

/* Refuses a fresh visitor whose id or token another visitor has. */
static int
visitor_check_fresh(struct txn *t, struct call *c, const struct msg_visitor_record *fresh)
{
	struct msg_visitor_record stored;
	bool taken;
	int rc = visitor_by_token(t, &fresh->token, &stored);

	if (rc == 0)
		return call_refuse(c, STORE_INVALID, "another visitor has this token");
	if (rc != MDB_NOTFOUND)
		return rc;
	rc = visitor_id_taken(t, &fresh->id, &taken);
	if (rc == 0 && taken)
		return call_refuse(c, STORE_INVALID, "another visitor has this id");
	return rc;
}

/* Opens the widget for a visitor without a valid token. */
static int
visitor_open_fresh(struct txn *t, struct call *c, const struct msg_widget_record *widget)
{
	const struct msg_visitor_open *m = &c->m->visitor_open;
	struct msg_visitor_record fresh = {
	    .v = RECORD_VERSION,
	    .id = m->fresh_id,
	    .org = widget->org,
	    .widget = widget->id,
	    .generation = widget->generation,
	    .token = m->fresh_token,
	};
	int rc = visitor_check_fresh(t, c, &fresh);

	return rc != 0 ? rc : visitor_answer_opened(t, c, &fresh, &fresh.token, false);
}

/* Opens the widget for a visitor with a valid token. An unused stored visitor past half of its time starts that
 * time again, so that the token stays valid for this page. While the store takes no writes, it removes no
 * visitors either. */
static int
visitor_resume(struct txn *t, struct call *c, struct msg_visitor_record *visitor,
    const struct hash256 *token)
{
	uint64_t now = clock_wall_ms();
	int rc = 0;

	if (visitor->created_at != 0 && call_may_write(t) && !visitor->used &&
	    now > visitor->created_at && now - visitor->created_at >= VISITOR_UNUSED_MS / 2) {
		visitor->created_at = now;
		rc = visitor_put(t, visitor);
	}
	return rc != 0 ? rc : visitor_answer_opened(t, c, visitor, token, true);
}

/* A session of a key whose contact waits for its first message. */
static int
visitor_open_session(struct txn *t, struct call *c)
{
	struct msg_visitor_record visitor;
	int rc = visitor_by_token(t, &c->m->visitor_open.token, &visitor);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "the session has no contact");
	if (rc == 0)
		call_answer(c, MSG_VISITOR_OPENED,
		    &(struct msg_visitor_opened){
			.visitor = visitor_encode(t, &visitor, &visitor.token),
			.resumed = true});
	return rc;
}

/* Finds the visitor of the token, or else of the one that takes its place; *token: which of both. */
static int
visitor_find_opening(struct txn *t, const struct msg_visitor_open *m,
    const struct msg_widget_record *widget, struct msg_visitor_record *visitor,
    struct hash256 *token)
{
	struct visitor_claim claim = {
	    m->token, m->visitor, widget->org, widget->id, m->vouched};
	int rc;

	*token = m->token;
	if (hash_is_zero(&m->next))
		return visitor_find_claimed(t, &claim, visitor);
	rc = visitor_by_token(t, &m->token, visitor);
	if (rc != MDB_NOTFOUND)
		return rc;
	*token = claim.token = m->next;
	return visitor_find_claimed(t, &claim, visitor);
}

/* Finds the visitor that the link of a mail leads to. MDB_NOTFOUND: the link is unknown, used or too old, or of another
 * widget; or nothing can be stored now. */
static int
visitor_find_back(struct txn *t, const struct msg_visitor_open *m,
    const struct msg_widget_record *widget, struct msg_return_record *link,
    struct msg_visitor_record *visitor)
{
	int rc = MDB_NOTFOUND;

	if (!hash_is_zero(&m->back) && !hash_is_zero(&m->fresh_token) && call_may_write(t))
		rc = return_find(t, &m->back, RETURN_LINK, clock_wall_ms(), link);
	if (rc == 0)
		rc = visitor_by_id(t, &link->visitor, visitor);
	return rc == 0 && !visitor_is_of_generation(visitor, widget) ? MDB_NOTFOUND : rc;
}

/* Who opens the link reads the mails of its address. */
static int
visitor_prove_address(struct txn *t, const struct msg_return_record *link)
{
	struct msg_address_record address;
	int rc = address_get(t, &link->org, &link->address, &address);

	address.proved_at = clock_wall_ms();
	return rc != 0 ? rc : address_put(t, &address);
}

/* The visitor of a link comes back. Without a token of its own in this browser, it gets the fresh one. */
static int
visitor_come_back(struct txn *t, struct call *c, const struct msg_return_record *link,
    struct msg_visitor_record *visitor)
{
	const struct msg_visitor_open *m = &c->m->visitor_open;
	struct msg_return_record fresh = *link;
	struct msg_visitor_record own;
	int rc = visitor_by_token(t, &m->token, &own);
	const bool has_own = rc == 0 && id_equal(&own.id, &visitor->id);

	if (rc == 0 || txn_survives(rc))
		rc = return_remove(t, link);
	if (rc == 0)
		rc = visitor_prove_address(t, link);
	if (rc == 0 && !has_own) {
		fresh.token = m->fresh_token;
		fresh.kind = RETURN_TOKEN;
		fresh.created_at = clock_wall_ms();
		rc = return_add(t, &fresh);
	}
	return rc != 0
	    ? rc
	    : visitor_answer_opened(t, c, visitor, has_own ? &m->token : &m->fresh_token, true);
}

int
handle_visitor_open(struct txn *t, struct call *c)
{
	const struct msg_visitor_open *m = &c->m->visitor_open;
	struct msg_visitor_record visitor;
	struct msg_widget_record widget;
	struct msg_return_record link;
	struct hash256 token;
	int rc;

	if (m->public_id.len == 0)
		return visitor_open_session(t, c);
	if (id_is_zero(&m->fresh_id) != hash_is_zero(&m->fresh_token))
		return call_refuse(c, STORE_INVALID, "a visitor needs an id and a token");
	rc = widget_find_public(t, m->public_id, &widget);
	if (rc == MDB_NOTFOUND || (rc == 0 && !widget.enabled))
		return call_refuse(c, STORE_NOT_FOUND, widget_kind.missing);
	if (rc != 0)
		return rc;
	rc = visitor_find_back(t, m, &widget, &link, &visitor);
	if (rc == 0)
		return visitor_come_back(t, c, &link, &visitor);
	if (!txn_survives(rc))
		return rc;
	rc = visitor_find_opening(t, m, &widget, &visitor, &token);
	if (rc == 0 && visitor_is_of_generation(&visitor, &widget))
		return visitor_resume(t, c, &visitor, &token);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	if (id_is_zero(&m->fresh_id))
		return call_refuse(c, STORE_GONE, "the visitor's token is invalid or expired");
	return visitor_open_fresh(t, c, &widget);
}

/* Finds a visitor's conversation and its newest open reply. */
static int
visitor_find_state(struct txn *t, struct call *c, const struct msg_visitor_record *visitor,
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
handle_visitor_follow(struct txn *t, struct call *c)
{
	struct msg_visitor_record visitor;
	struct msg_widget_record widget;
	struct msg_visitor_state state = {0};
	const struct msg_visitor_follow *m = &c->m->visitor_follow;
	const struct visitor_claim claim = {
	    m->token, m->visitor, m->org, m->widget, m->vouched};
	int rc = visitor_find(t, &claim, &visitor, &widget);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_GONE, visitor_gone);
	if (rc == 0)
		rc = visitor_find_state(t, c, &visitor, &state);
	if (rc != 0)
		return rc;
	if (!rooms_may_follow(&c->live->rooms, c->from, &visitor.id))
		return call_refuse(c, STORE_FULL, "the worker follows too many visitors");
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_ROOM_FOLLOW,
		.client = c->from,
		.room = visitor.id,
		.widget = visitor.widget,
	    });
	state.visitor = visitor_encode(t, &visitor, &m->token);
	call_answer(c, MSG_VISITOR_STATE, &state);
	return 0;
}

static const char *
visitor_fault(const struct msg_visitor_record *r)
{
	if (r->v != RECORD_VERSION)
		return "the visitor has an unknown version";
	if (id_is_zero(&r->id) || id_is_zero(&r->org) || id_is_zero(&r->widget))
		return "a visitor needs an id, an organization and a widget";
	if (hash_is_zero(&r->token))
		return "a visitor needs a token";
	return NULL;
}

/* An older export does not undo what the visitor has done since. */
static void
visitor_merge(struct msg_visitor_record *r, const struct msg_visitor_record *stored)
{
	r->used |= stored->used;
	if (id_is_zero(&r->contact))
		r->contact = stored->contact;
}

int
visitor_import(struct txn *t, struct call *c, const struct msg_visitor_record *record)
{
	const char *fault = visitor_fault(record);
	struct msg_visitor_record r = *record, stored;
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = visitor_by_token(t, &record->token, &stored);
	if (rc == 0 && !id_equal(&stored.id, &record->id))
		return call_refuse(c, STORE_INVALID, "another visitor has this token");
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = visitor_by_id(t, &record->id, &stored);
	if (rc == 0 && !id_equal(&stored.org, &record->org))
		return call_refuse(
		    c, STORE_INVALID, "another organization's visitor has this id");
	if (rc == 0) {
		visitor_merge(&r, &stored);
		/* Its token may have changed. */
		const struct key key = key_hash(&stored.token);

		rc = txn_del(t, TABLE_VISITORS, &key);
		call_end_room(c, &record->id);
	}
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = visitor_put(t, &r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
visitor_import_return(struct txn *t, struct call *c, const struct msg_return_record *r)
{
	const struct key key = key_hash(&r->token);
	struct msg_return_record there;
	bool known;
	int rc;

	if (r->v != RECORD_VERSION || id_is_zero(&r->org) || id_is_zero(&r->visitor) ||
	    hash_is_zero(&r->token))
		return call_refuse(c, STORE_INVALID,
		    "a token of a visitor needs an organization, a visitor and a hash");
	rc = txn_get_record(t, TABLE_RETURNS, &key, &there);
	if (rc == 0 && !id_equal(&there.visitor, &r->visitor))
		return call_refuse(c, STORE_INVALID, "another visitor has this token");
	if (rc == MDB_NOTFOUND)
		rc = visitor_id_taken(t, &r->visitor, &known);
	else
		known = false;
	if (rc == 0 && known)
		rc = return_add(t, r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

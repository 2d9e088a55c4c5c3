/*
 * Kinds with little code of their own. The worker validates the texts of snippets; the draft of an answer may have a
 * question alone.
 */
#include "storaged/records/record_kinds.h"

#include <stddef.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/structure/structure.h"
#include "storaged/changes/changes.h"
#include "storaged/identities/blocks.h"
#include "storaged/identities/indexes.h"

static int
record_check_snippet(
    struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	const char *wrong = structure_wrong(r->snippet.structure);

	(void)t;
	(void)clash;
	return wrong == NULL ? 0 : call_refuse(c, STORE_INVALID, wrong);
}

const struct record_kind snippet_kind = {
    .table = TABLE_SNIPPETS,
    .change = CHANGE_SNIPPET,
    .created_at = offsetof(struct msg_snippet_record, created_at),
    .updated_at = offsetof(struct msg_snippet_record, updated_at),
    .missing = "no such snippet",
    .check = record_check_snippet,
    .max = 1000,
    .too_many = "the organization has too many snippets",
};

/* One target has one block, also when that has ended. */
static int
record_check_block(struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	struct key key;
	struct slice other;
	int rc;

	if (r->block.reason.len == 0 || !block_key(&r->block, &key))
		return call_refuse(c, STORE_INVALID, "a block needs a target and a reason");
	rc = txn_get(t, TABLE_BLOCKS_BY_TARGET, &key, &other);
	if (rc == 0 && !slice_eq(other, (struct slice){r->id.b, sizeof(r->id.b)}))
		return call_refuse(c, clash, "another block has this target");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
record_store_block(struct txn *t, const union record *r, const union record *stored)
{
	struct key key = key_of_org(&r->org, &r->id);

	return index_put_record(t, TABLE_BLOCKS, &key, stored, r);
}

static int
record_remove_block(struct txn *t, struct call *c, const union record *r, bool *left)
{
	struct key key = key_of_org(&r->org, &r->id);

	(void)c;
	(void)left;
	return index_put_record(t, TABLE_BLOCKS, &key, r, NULL);
}

const struct record_kind block_kind = {
    .table = TABLE_BLOCKS,
    .change = CHANGE_BLOCK,
    .created_at = offsetof(struct msg_block_record, created_at),
    .updated_at = offsetof(struct msg_block_record, updated_at),
    .missing = "no such block",
    .max = 1000,
    .too_many = "the organization has too many blocks",
    .newest_first = true,
    .check = record_check_block,
    .store = record_store_block,
    .remove = record_remove_block,
};

#define ANSWERS_OF_ORG_MAX 10000 /* in an organization */

static int
record_check_answer(
    struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	(void)t;
	(void)clash;
	if (r->answer.question.len == 0)
		return call_refuse(c, STORE_INVALID, "an answer needs a question");
	if (r->answer.published && r->answer.text.len == 0)
		return call_refuse(c, STORE_INVALID, "a published answer needs a text");
	return 0;
}

const struct record_kind answer_kind = {
    .table = TABLE_ANSWERS,
    .change = CHANGE_ANSWER,
    .created_at = offsetof(struct msg_answer_record, created_at),
    .updated_at = offsetof(struct msg_answer_record, updated_at),
    .missing = "no such answer",
    .max = ANSWERS_OF_ORG_MAX,
    .too_many = "the organization has too many answers",
    .newest_first = true,
    .check = record_check_answer,
};

/* Takes the next id off the front of a team's members. False: there is none. */
static bool
record_team_next(struct slice *members, struct id *user)
{
	struct slice one = {members->p, sizeof(user->b)};

	if (members->len < sizeof(user->b))
		return false;
	must(slice_copy(one, user->b, sizeof(user->b)));
	members->p += sizeof(user->b);
	members->len -= sizeof(user->b);
	return true;
}

static int
record_check_team(struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	struct slice members = r->team.members;
	struct slice user;
	struct id id;
	int rc = record_check_name(
	    t, c, TABLE_TEAMS, r, offsetof(struct msg_team_record, name), clash);

	if (rc == 0 && members.len % sizeof(id.b) != 0)
		return call_refuse(c, STORE_INVALID, "the members are no ids");
	while (rc == 0 && record_team_next(&members, &id)) {
		struct key key = key_of_org(&r->org, &id);

		rc = txn_get(t, TABLE_USERS, &key, &user);
	}
	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_INVALID, "a member does not exist")
				  : rc;
}

const struct record_kind team_kind = {
    .table = TABLE_TEAMS,
    .change = CHANGE_TEAM,
    .created_at = offsetof(struct msg_team_record, created_at),
    .updated_at = offsetof(struct msg_team_record, updated_at),
    .missing = "no such team",
    .max = TEAMS_MAX,
    .too_many = "the organization has too many teams",
    .check = record_check_team,
};

/* Stores a team without one of its members, if it is one. */
static int
record_team_drop(struct txn *t, const struct key *key, const struct id *user)
{
	struct buf *members = &t->env->list;
	struct msg_team_record r;
	struct slice rest;
	struct id id;
	int rc = txn_get_record(t, TABLE_TEAMS, key, &r);

	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	buf_reset(members);
	rest = r.members;
	while (record_team_next(&rest, &id))
		if (!id_equal(&id, user))
			must(buf_append(members, id.b, sizeof(id.b)) == 0);
	if (buf_len(members) == r.members.len)
		return 0;
	r.members = buf_slice(members);
	r.updated_at = clock_wall_after(r.updated_at);
	rc = txn_put_record(t, TABLE_TEAMS, key, &r);
	return rc != 0 ? rc : change_add(t, &r.org, CHANGE_TEAM, &r.id, NULL, CHANGE_CHANGED);
}

int
records_drop_member(struct txn *t, const struct id *org, const struct id *user)
{
	struct key front = key_id(org);
	struct id teams[TEAMS_MAX];
	size_t n = 0;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_TEAMS, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0 && n < TEAMS_MAX; rc = walk_next(&w))
		teams[n++] = key_back(w.key);
	walk_close(&w);
	rc = rc == MDB_NOTFOUND ? 0 : rc;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct key key = key_of_org(org, &teams[i]);

		rc = record_team_drop(t, &key, user);
	}
	return rc;
}

static int
record_check_tool(struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	(void)t;
	(void)clash;
	if (r->tool.name.len == 0 || r->tool.url.len == 0)
		return call_refuse(c, STORE_INVALID, "a tool needs a name and a URL");
	return 0;
}

const struct record_kind tool_kind = {
    .table = TABLE_TOOLS,
    .change = CHANGE_TOOL,
    .created_at = offsetof(struct msg_tool_record, created_at),
    .updated_at = offsetof(struct msg_tool_record, updated_at),
    .missing = "no such tool",
    .max = 100,
    .too_many = "the organization has too many tools",
    .check = record_check_tool,
};

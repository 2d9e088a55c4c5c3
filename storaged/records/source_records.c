/*
 * Sources as records. One is removed with its record; what is left of it goes in steps (content_garbage.h), while its
 * state says so.
 */
#include "storaged/records/record_kinds.h"

#include <stddef.h>

#include "storaged/content/content_garbage.h"
#include "storaged/content/sources.h"

/* Entries that the request itself removes. */
#define REMOVE_ENTRIES 512u

static void
source_record_keep(union record *r, const union record *stored, bool fresh)
{
	(void)fresh;
	if (stored != NULL)
		r->source.kind = stored->source.kind;
}

/* Refuses a source without a beginning, and one whose id is that of a source that is being removed. */
static int
source_record_check(
    struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	bool needs_url = r->source.kind == SOURCE_SITE || r->source.kind == SOURCE_PAGE;
	struct msg_source_record stored;
	struct msg_source_state_record state;
	int rc;

	(void)clash;
	if (r->source.name.len == 0)
		return call_refuse(c, STORE_INVALID, "a source needs a name");
	if (needs_url && r->source.url.len == 0)
		return call_refuse(c, STORE_INVALID, "a site or a page needs an address");
	rc = source_find(t, &r->org, &r->id, &stored);
	if (rc == MDB_NOTFOUND) {
		rc = source_find_state(t, &r->org, &r->id, &state);
		if (rc == 0)
			return call_refuse(c, STORE_BUSY,
			    "a source with this id is still being removed: try again");
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
source_record_store(struct txn *t, const union record *r, const union record *stored)
{
	struct key key = key_of_org(&r->org, &r->id);
	const struct id org = r->org, id = r->id;
	int rc = txn_put_record(t, TABLE_SOURCES, &key, &r->source);

	return rc != 0 || stored != NULL ? rc : source_state_begin(t, &org, &id);
}

static void
source_record_changed(struct call *c)
{
	call_change_sources(c);
	call_change_text(c);
}

static int
source_record_remove(struct txn *t, struct call *c, const union record *r, bool *left)
{
	struct key key = key_of_org(&r->org, &r->id);
	const struct id org = r->org, id = r->id;
	bool pages;
	int rc = txn_del(t, TABLE_SOURCES, &key);

	(void)c;
	(void)left;
	if (rc == 0)
		rc = content_remove_source(t, &org, &id, REMOVE_ENTRIES, &pages);
	t->env->content.sources_clean = false;
	t->env->content.sources_at = (struct key){0};
	return rc;
}

const struct record_kind source_kind = {
    .table = TABLE_SOURCES,
    .change = CHANGE_SOURCE,
    .created_at = offsetof(struct msg_source_record, created_at),
    .updated_at = offsetof(struct msg_source_record, updated_at),
    .missing = source_missing,
    .max = SOURCES_OF_ORG_MAX,
    .too_many = "the organization has too many sources",
    .keep = source_record_keep,
    .check = source_record_check,
    .store = source_record_store,
    .changed = source_record_changed,
    .remove = source_record_remove,
};

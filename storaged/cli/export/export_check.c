/*
 * Finds what an export does not notice while it looks up what belongs to a conversation.
 */
#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/export/export.h"
#include "storaged/cli/store/store_damage.h"

/* The tables whose entries an export needs. */
static const enum table tables[] = {TABLE_META, TABLE_CONVERSATIONS, TABLE_MESSAGES,
    TABLE_TURNS, TABLE_OPEN_TURNS, TABLE_PARTIALS, TABLE_LOGINS, TABLE_CLIENT_IDS, TABLE_ORGS,
    TABLE_USERS, TABLE_KEYS, TABLE_AGENTS, TABLE_WIDGETS, TABLE_VISITORS, TABLE_CONTACTS,
    TABLE_TAGS, TABLE_SNIPPETS, TABLE_NOTES, TABLE_READS, TABLE_PAGES, TABLE_NUMBERS,
    TABLE_WEBHOOKS, TABLE_BUDGETS, TABLE_INVITATIONS, TABLE_SOURCES, TABLE_SOURCE_PAGES,
    TABLE_CHUNKS, TABLE_ANSWERS, TABLE_GAPS, TABLE_GAPS_BY_CONVERSATION, TABLE_RESPONSES,
    TABLE_MENTIONS, TABLE_TEAMS, TABLE_BLOCKS, TABLE_TOOLS, TABLE_STEPS, TABLE_RETURNS,
    TABLE_ADDRESSES};

static void
export_found_page(void *arg, enum table table, size_t page, const char *what)
{
	struct export *e = arg;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (tables[i] == table) {
			console_warn("page %zu %s: entries of %s may be missing", page, what,
			    table_name(table));
			e->faults++;
		}
}

int
export_check_pages(struct export *e)
{
	return store_damage_check_pages(&e->txn, export_found_page, e);
}

int
export_check_entries(struct export *e)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(tables) && rc == 0; i++) {
		uint64_t damaged;

		if (e->damaged + e->faults + e->missing > 0)
			return 0;
		rc = store_damage_count_entries(&e->txn, tables[i], &damaged);
		if (damaged > 0)
			console_warn("%s of %s cannot be read",
			    units_count(damaged, "entry", "entries").text,
			    table_name(tables[i]));
		e->faults += damaged;
	}
	return rc;
}

/*
 * What the index contains, for the comparison with the store (compare.h).
 */
#include <stdlib.h>
#include <string.h>

#include "storaged/search/index_internal.h"

int
index_parents(struct index *ix, int64_t *after, struct index_parent *parents, int max)
{
	sqlite3_stmt *read = index_statement(ix, STATEMENT_PARENTS_AFTER);
	int rc = SQLITE_DONE, n = 0;

	if (read == NULL)
		return -1;
	sqlite3_bind_int64(read, 1, *after);
	while (n < max && (rc = sqlite3_step(read)) == SQLITE_ROW) {
		*after = sqlite3_column_int64(read, 0);
		parents[n++] = (struct index_parent){.id = database_column_id(read, 1),
		    .org = database_column_id(read, 2),
		    .state = (uint8_t)sqlite3_column_int(read, 3)};
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return database_fail(&ix->db);
	sqlite3_reset(read);
	return n;
}

static int
index_compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id));
}

/* The ids alone, which an index of the file has in order: reading documents would take longer. */
static int
index_other_ids(struct index *ix, int64_t parent, const struct id *ids, size_t n_ids,
    struct index_other *others, int max)
{
	sqlite3_stmt *read = index_statement(ix, STATEMENT_IDS_OF_PARENT);
	int rc = SQLITE_DONE, n = 0;

	if (read == NULL)
		return -1;
	sqlite3_bind_int64(read, 1, parent);
	while (n < max && (rc = sqlite3_step(read)) == SQLITE_ROW) {
		struct id id = database_column_id(read, 0);

		if (n_ids == 0 ||
		    bsearch(&id, ids, n_ids, sizeof(id), index_compare_ids) == NULL)
			others[n++].id = id;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return database_fail(&ix->db);
	sqlite3_reset(read);
	return n;
}

static int
index_other_kind(struct index *ix, int64_t parent, struct index_other *other)
{
	sqlite3_stmt *find = index_statement(ix, STATEMENT_DOCUMENT_FIND);
	int rc;

	if (find == NULL)
		return -1;
	sqlite3_bind_int64(find, 1, parent);
	database_bind_id(find, 2, &other->id);
	rc = sqlite3_step(find);
	if (rc != SQLITE_ROW)
		return database_fail(&ix->db);
	other->kind = (uint8_t)sqlite3_column_int(find, 3);
	sqlite3_reset(find);
	return 0;
}

int
index_others(struct index *ix, const struct id *parent, const struct id *ids, size_t n_ids,
    struct index_other *others, int max)
{
	int64_t number = 0;
	struct id org;
	int found = index_find_parent(ix, parent, &number, &org), rc = 0;

	if (found == 1)
		found = index_other_ids(ix, number, ids, n_ids, others, max);
	for (int i = 0; i < found && rc == 0; i++)
		rc = index_other_kind(ix, number, &others[i]);
	return rc != 0 ? -1 : found;
}

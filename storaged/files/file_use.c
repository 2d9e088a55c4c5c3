#include "storaged/files/file_use.h"

#include "storaged/files/file_records.h"
#include "storaged/records/organizations.h"

static const struct id all;

/* The organization whose files take the most; zero: there is none. */
static int
file_use_find(struct txn *t, unsigned most, struct id *org, uint64_t *bytes)
{
	const struct key front = {0};
	struct msg_file_totals_record totals;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_FILE_TOTALS, &front);

	*org = all;
	*bytes = 0;
	if (rc == 0)
		rc = walk_from(&w, &front);
	for (unsigned n = 0; rc == 0 && n <= most; n++, rc = walk_next(&w)) {
		const struct id id = key_back(w.key);

		if (id_is_zero(&id) || record_read(w.value, TABLE_FILE_TOTALS, &totals) != 0 ||
		    totals.bytes <= *bytes)
			continue;
		*org = id;
		*bytes = totals.bytes;
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
file_use_read(struct txn *t, unsigned most, struct file_use *use)
{
	struct msg_file_totals_record totals;
	struct msg_org_record record;
	struct id org;
	int rc = file_totals(t, &all, &totals);

	*use = (struct file_use){0};
	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	use->files = totals.files;
	use->bytes = totals.bytes;
	rc = file_use_find(t, most, &org, &use->org_bytes);
	if (rc != 0 || id_is_zero(&org))
		return rc;
	rc = organization_find(t, &org, &record);
	if (rc == 0)
		use->org_name = record.name;
	return txn_survives(rc) ? 0 : rc;
}

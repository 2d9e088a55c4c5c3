/*
 * Uploads by themselves.
 */
#include "storaged/content/upload_records.h"

#include "proto/base/basics.h"
#include "storaged/content/sources.h"

/* Uploads that one step looks at, and removes. */
#define SWEEP_LOOKS   256u
#define SWEEP_REMOVES 4u

int
upload_find(struct txn *t, const struct id *upload, struct msg_upload_record *r)
{
	struct key key = key_id(upload);

	return txn_get_record(t, TABLE_UPLOADS, &key, r);
}

int
upload_remove(struct txn *t, const struct id *upload)
{
	struct key key = key_id(upload);
	int rc = txn_del(t, TABLE_UPLOADS, &key);

	return rc != 0 ? rc : txn_del_all(t, TABLE_UPLOAD_PIECES, &key);
}

int
upload_put(struct txn *t, const struct id *upload, const struct msg_upload_record *r)
{
	struct key key = key_id(upload);

	return txn_put_record(t, TABLE_UPLOADS, &key, r);
}

/* Whether the upload where a walk stands is of no use any more. */
static int
upload_is_left(struct walk *w, uint64_t now, bool *left)
{
	struct msg_upload_record r;
	struct msg_source_record source;
	int rc = record_read(w->value, TABLE_UPLOADS, &r);

	*left = false;
	if (rc != 0 || !id_is_zero(&r.page))
		return 0;
	*left = now >= r.begun_at + UPLOAD_MS;
	if (*left)
		return 0;
	rc = source_find(w->txn, &r.org, &r.source, &source);
	*left = rc == MDB_NOTFOUND;
	return txn_survives(rc) ? 0 : rc;
}

/* Collects uploads to remove, at most SWEEP_REMOVES. */
static int
upload_find_left(
    struct txn *t, uint64_t now, struct key *next, struct id left[SWEEP_REMOVES], size_t *n)
{
	const struct key all = {0};
	struct key at = *next;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_UPLOADS, &all);

	next->len = 0;
	if (rc == 0)
		rc = walk_from(&w, &at);
	for (unsigned looks = 0; rc == 0; looks++, rc = rc != 0 ? rc : walk_next(&w)) {
		bool is_left;

		if (looks == SWEEP_LOOKS || *n == SWEEP_REMOVES) {
			*next = key_of(w.key);
			break;
		}
		if (!key_fits(TABLE_UPLOADS, w.key))
			continue;
		rc = upload_is_left(&w, now, &is_left);
		if (rc == 0 && is_left)
			left[(*n)++] = key_front(w.key);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
upload_sweep(struct txn *t, uint64_t now, struct key *next, size_t *removed)
{
	struct id left[SWEEP_REMOVES];
	size_t n = 0;
	int rc = upload_find_left(t, now, next, left, &n);

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = upload_remove(t, &left[i]);
	*removed += n;
	return rc;
}

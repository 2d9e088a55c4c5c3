/*
 * Removing files of an owner does not walk its index: each removal changes that.
 */
#include "storaged/files/file_records.h"

#include "proto/base/clock.h"
#include "storaged/files/file_digest.h"
#include "storaged/identities/indexes.h"

static const struct id nobody;

int
file_find(struct txn *t, const struct id *file, struct msg_file_record *r)
{
	const struct key key = key_id(file);
	int rc = txn_get_record(t, TABLE_FILES, &key, r);

	return rc == 0 && id_is_zero(&r->owner) ? MDB_NOTFOUND : rc;
}

bool
file_is_complete(const struct msg_file_record *r)
{
	return r->received == r->total;
}

int
file_totals(struct txn *t, const struct id *org, struct msg_file_totals_record *totals)
{
	const struct key key = key_id(org);
	int rc = txn_get_record(t, TABLE_FILE_TOTALS, &key, totals);

	if (rc != MDB_NOTFOUND)
		return rc;
	*totals = (struct msg_file_totals_record){.v = RECORD_VERSION};
	return 0;
}

/* Adds a file to the totals of an organization, or subtracts it. */
static int
file_totals_add(struct txn *t, const struct id *org, uint32_t bytes, bool subtract)
{
	const struct key key = key_id(org);
	struct msg_file_totals_record totals;
	int rc = file_totals(t, org, &totals);

	if (rc != 0)
		return rc;
	if (!subtract) {
		totals.files++;
		totals.bytes += bytes;
	} else {
		totals.files -= totals.files > 0;
		totals.bytes -= totals.bytes < bytes ? totals.bytes : bytes;
	}
	if (totals.files == 0)
		return txn_del(t, TABLE_FILE_TOTALS, &key);
	return txn_put_record(t, TABLE_FILE_TOTALS, &key, &totals);
}

static int
file_count_in(struct txn *t, const struct id *org, uint32_t bytes, bool subtract)
{
	int rc = file_totals_add(t, org, bytes, subtract);

	return rc != 0 ? rc : file_totals_add(t, &nobody, bytes, subtract);
}

int
file_put(struct txn *t, const struct msg_file_record *before, const struct msg_file_record *r)
{
	const struct key key = key_id(&r->id);
	const struct id org = r->org;
	const uint32_t total = r->total;
	int rc = index_put_record(t, TABLE_FILES, &key, before, r);

	return rc != 0 || before != NULL ? rc : file_count_in(t, &org, total, false);
}

static struct hash256
file_digest_with(const struct msg_file_record *r, struct slice piece, bool last)
{
	struct hash256 digest = r->digest;

	file_digest_add(&digest, r->received, piece, last);
	return digest;
}

bool
file_piece_is_wrong(const struct msg_file_record *r, struct slice piece)
{
	struct hash256 digest;

	if (r->received + piece.len < r->total || hash_is_zero(&r->expected))
		return false;
	digest = file_digest_with(r, piece, true);
	return !hash_equal(&digest, &r->expected);
}

int
file_add_piece(struct txn *t, const struct msg_file_record *r, struct slice piece)
{
	const struct key key = key_piece(&r->id, r->received);
	const bool last = r->received + piece.len == r->total;
	struct msg_file_record after = *r;
	int rc;

	after.digest = file_digest_with(r, piece, last);
	after.received += (uint32_t)piece.len;
	if (last)
		after.expected = after.digest;
	if (last && !id_is_zero(&r->message))
		after.due_at = 0;
	t->piece_bytes += piece.len;
	rc = file_put(t, r, &after);
	return rc != 0 ? rc : txn_put(t, TABLE_FILE_PIECES, &key, piece);
}

int
file_read_from(struct txn *t, const struct id *file, uint32_t offset, struct slice *bytes)
{
	const uint32_t skip = offset % FILE_PIECE_BYTES;
	const struct key key = key_piece(file, offset - skip);
	int rc = txn_get(t, TABLE_FILE_PIECES, &key, bytes);

	if (rc != 0 || bytes->len <= skip)
		return rc == 0 || rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	*bytes = (struct slice){bytes->p + skip, bytes->len - skip};
	return 0;
}

int
file_drop(struct txn *t, const struct msg_file_record *r)
{
	struct msg_file_record left = *r;

	left.owner = nobody;
	left.due_at = 0;
	t->env->files.clean = false;
	return file_put(t, r, &left);
}

/* The next file of an owner behind a key of files_by_owner, which becomes that of the file. */
static int
file_next(struct txn *t, const struct id *owner, struct key *at, struct id *file)
{
	const struct key front = key_id(owner);
	const struct key from = *at;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_FILES_BY_OWNER, &front);

	if (rc == 0)
		rc = walk_from(&w, &from);
	while (rc == 0 &&
	    (!key_fits(TABLE_FILES_BY_OWNER, w.key) || slice_eq(w.key, key_slice(&from))))
		rc = walk_next(&w);
	if (rc == 0) {
		*at = key_of(w.key);
		*file = key_back(w.key);
	}
	walk_close(&w);
	return rc;
}

int
file_drop_all(struct txn *t, const struct id *owner)
{
	struct key at = key_id(owner);
	struct msg_file_record r;
	struct id file;
	int rc;

	while ((rc = file_next(t, owner, &at, &file)) == 0) {
		rc = file_find(t, &file, &r);
		if (rc == 0)
			rc = file_drop(t, &r);
		if (rc != 0 && !txn_survives(rc))
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
file_count(struct txn *t, const struct id *owner, unsigned most, unsigned *n)
{
	const struct key front = key_id(owner);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_FILES_BY_OWNER, &front);

	*n = 0;
	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0 && *n < most; rc = walk_next(&w))
		++*n;
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
file_forget(struct txn *t, const struct key *key)
{
	struct msg_file_record r;
	struct id org;
	uint32_t total;
	int rc = txn_get_record(t, TABLE_FILES, key, &r);

	if (rc != 0)
		return rc;
	org = r.org;
	total = r.total;
	rc = index_put_record(t, TABLE_FILES, key, &r, NULL);
	return rc != 0 ? rc : file_count_in(t, &org, total, true);
}

int
file_due(
    struct txn *t, struct call *c, const struct id *id, const struct key *about, uint64_t now)
{
	struct msg_file_record r;
	int rc = file_find(t, id, &r);

	(void)c;
	(void)about;
	if (rc == 0 && r.due_at != 0 && r.due_at <= now)
		return file_drop(t, &r);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

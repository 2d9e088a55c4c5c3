/*
 * Removing files of an owner does not walk its index: each removal changes that.
 */
#include "storaged/files/file_records.h"

#include <string.h>

#include "proto/base/clock.h"
#include "storaged/files/file_digest.h"
#include "storaged/identities/indexes.h"

static const struct id nobody;

int
file_find(struct txn *t, const struct id *file, struct msg_file_record *r)
{
	const struct key key = key_id(file);
	int rc = txn_get_record(t, TABLE_FILES, &key, r);

	return rc == 0 && (id_is_zero(&r->owner) || r->check == FILE_COPY) ? MDB_NOTFOUND : rc;
}

int
file_find_any(struct txn *t, const struct id *file, struct msg_file_record *r)
{
	const struct key key = key_id(file);
	int rc = txn_get_record(t, TABLE_FILES, &key, r);

	return rc == 0 && id_is_zero(&r->owner) ? MDB_NOTFOUND : rc;
}

int
file_find_copy(struct txn *t, const struct msg_file_record *file, const struct id *copy,
    struct msg_file_record *r)
{
	const struct id id = file->id;
	int rc = file_find_any(t, copy, r);

	return rc == 0 && (r->check != FILE_COPY || !id_equal(&r->owner, &id)) ? MDB_NOTFOUND
									       : rc;
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

bool
file_has_pieces(const struct msg_file_record *r)
{
	return r->check != FILE_READY && r->check != FILE_REFUSED;
}

struct file_share
file_share(const struct msg_file_record *r)
{
	return (struct file_share){
	    .files = r->check != FILE_COPY, .bytes = file_has_pieces(r) ? r->total : 0};
}

/* Puts what a record takes in the totals of an organization in the place of what it took before. */
static int
file_totals_add(struct txn *t, const struct id *org, const struct file_share *before,
    const struct file_share *after)
{
	const struct key key = key_id(org);
	struct msg_file_totals_record totals;
	int rc = file_totals(t, org, &totals);

	if (rc != 0)
		return rc;
	totals.files += after->files;
	totals.bytes += after->bytes;
	totals.files -= totals.files < before->files ? totals.files : before->files;
	totals.bytes -= totals.bytes < before->bytes ? totals.bytes : before->bytes;
	if (totals.files > 0 || totals.bytes > 0)
		return txn_put_record(t, TABLE_FILE_TOTALS, &key, &totals);
	rc = txn_del(t, TABLE_FILE_TOTALS, &key);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Stores a record, or removes it, and counts what changes with that. */
static int
file_change(
    struct txn *t, const struct msg_file_record *before, const struct msg_file_record *after)
{
	static const struct file_share nothing;
	const struct msg_file_record *any = after != NULL ? after : before;
	const struct file_share was = before == NULL ? nothing : file_share(before);
	const struct file_share is = after == NULL ? nothing : file_share(after);
	const struct key key = key_id(&any->id);
	const struct id org = any->org;
	int rc = index_put_record(t, TABLE_FILES, &key, before, after);

	if (rc != 0 || (was.files == is.files && was.bytes == is.bytes))
		return rc;
	rc = file_totals_add(t, &org, &was, &is);
	return rc != 0 ? rc : file_totals_add(t, &nobody, &was, &is);
}

int
file_put(struct txn *t, const struct msg_file_record *before, const struct msg_file_record *r)
{
	return file_change(t, before, r);
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

/* Whether mediad has to look at a file that is complete now. */
static bool
file_must_be_checked(const struct env *env, const struct msg_file_record *r)
{
	static const char pictures[] = "image/";
	const size_t n = sizeof(pictures) - 1;

	return env->check_pictures && r->check == FILE_UNCHECKED && r->type.len > n &&
	    memcmp(r->type.p, pictures, n) == 0;
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
	if (last && file_must_be_checked(t->env, r)) {
		after.check = FILE_CHECKING;
		after.checking_at = clock_wall_ms();
	}
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
file_remove_pieces(struct txn *t, const struct key *file, unsigned most)
{
	struct walk w;
	int rc = walk_open(&w, t, TABLE_FILE_PIECES, file);

	for (unsigned n = 0; rc == 0 && n < most; n++) {
		rc = walk_from(&w, file);
		if (rc == 0)
			rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc;
}

static int
file_disown(struct txn *t, const struct msg_file_record *r)
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
file_drop_copies(struct txn *t, const struct id *file, const struct msg_file_record *but)
{
	struct key at = key_id(file);
	struct msg_file_record r;
	struct id copy;
	int rc;

	while ((rc = file_next(t, file, &at, &copy)) == 0) {
		if (but != NULL &&
		    (id_equal(&copy, &but->shown) || id_equal(&copy, &but->small)))
			continue;
		rc = file_find_any(t, &copy, &r);
		if (rc == 0)
			rc = file_disown(t, &r);
		if (rc != 0 && !txn_survives(rc))
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
file_drop(struct txn *t, const struct msg_file_record *r)
{
	const struct id file = r->id;
	int rc = file_disown(t, r);

	return rc != 0 ? rc : file_drop_copies(t, &file, NULL);
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
	int rc = txn_get_record(t, TABLE_FILES, key, &r);

	return rc != 0 ? rc : file_change(t, &r, NULL);
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

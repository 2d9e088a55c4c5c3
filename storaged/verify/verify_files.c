/*
 * Files: each has its pieces and the SHA-256 of them, each piece has its file, a message's file has its conversation, and
 * the totals count all of them. What has an index entry is checked by verify_records.c.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "storaged/files/file_digest.h"
#include "storaged/files/file_records.h"
#include "storaged/verify/verify_internal.h"

/* What the files of an organization add up to. */
struct file_sum {
	struct id org;
	uint64_t files, bytes;
};

struct file_sums {
	struct file_sum *of;
	size_t n;
};

static struct file_sum *
verify_files_sum(struct file_sums *sums, const struct id *org)
{
	for (size_t i = 0; i < sums->n; i++)
		if (id_equal(&sums->of[i].org, org))
			return &sums->of[i];
	sums->of = xreallocarray(sums->of, sums->n + 1, sizeof(*sums->of));
	sums->of[sums->n] = (struct file_sum){.org = *org};
	return &sums->of[sums->n++];
}

static void
verify_files_add(struct file_sums *sums, const struct id *org, const struct msg_file_record *r)
{
	const struct file_share share = file_share(r);
	struct file_sum *sum = verify_files_sum(sums, org);

	sum->files += share.files;
	sum->bytes += share.bytes;
}

/* Adds up the pieces of a file. *end: where they end; they are read up to the first gap. */
static int
verify_file_pieces(
    struct checker *c, const struct msg_file_record *r, uint32_t *end, struct hash256 *digest)
{
	const struct key front = key_id(&r->id);
	struct walk w;
	int rc = walk_open(&w, c->txn, TABLE_FILE_PIECES, &front);

	*end = 0;
	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0; rc = walk_next(&w)) {
		const bool last = *end + w.value.len >= r->total;

		if (!key_fits(TABLE_FILE_PIECES, w.key) || piece_place(w.key) != *end ||
		    (!last && w.value.len != FILE_PIECE_BYTES))
			break;
		file_digest_add(digest, *end, w.value, last);
		*end += (uint32_t)w.value.len;
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Reports a ready picture without one of its copies. */
static int
verify_file_copies(struct checker *c, const char *name, const struct msg_file_record *r)
{
	const struct id copies[] = {r->shown, r->small};
	struct msg_file_record copy;
	int rc = 0;

	for (size_t i = 0; rc == 0 && r->check == FILE_READY && i < ARRAY_LEN(copies); i++) {
		rc = file_find_copy(c->txn, r, &copies[i], &copy);
		if (rc != MDB_NOTFOUND && (rc != 0 || file_is_complete(&copy)))
			continue;
		verify_found(
		    c, TABLE_FILES, "%s is ready, and one of its copies is missing", name);
		rc = 0;
	}
	return rc;
}

static int
verify_file_content(struct checker *c, const char *name, const struct msg_file_record *r)
{
	const struct key owner = key_id(&r->owner);
	const uint32_t received = file_has_pieces(r) ? r->received : 0;
	struct hash256 digest = {{0}};
	uint32_t end;
	int rc = verify_file_pieces(c, r, &end, &digest);

	if (rc == 0)
		rc = verify_file_copies(c, name, r);
	if (rc != 0)
		return rc;
	if (end != received)
		verify_found(c, TABLE_FILES, "%s has received %u bytes, and has %u", name,
		    received, end);
	else if (end > 0 && !hash_equal(&digest, &r->digest))
		verify_found(c, TABLE_FILES, "%s has pieces of another SHA-256", name);
	if (r->check == FILE_COPY)
		return verify_named(
		    c, TABLE_FILES, name, "is a copy of file", TABLE_FILES, &owner);
	if (id_is_zero(&r->message))
		return 0;
	return verify_named(
	    c, TABLE_FILES, name, "is in conversation", TABLE_CONVERSATIONS, &owner);
}

static int
verify_file(struct checker *c, struct slice value, struct file_sums *sums)
{
	static const struct id all;
	struct msg_file_record r;
	struct record_name name;

	/* verify_records.c reports one that does not decode. */
	if (record_decode(value, MSG_FILE_RECORD, &r) != WIRE_OK)
		return 0;
	name = verify_record_name("file", &r.id);
	verify_files_add(sums, &r.org, &r);
	verify_files_add(sums, &all, &r);
	return id_is_zero(&r.owner) ? 0 : verify_file_content(c, name.s, &r);
}

/* A second walk over the records, whose entries are counted already. */
static int
verify_file_records(struct checker *c, struct file_sums *sums)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, c->txn, TABLE_FILES, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	while (rc == 0) {
		rc = verify_file(c, w.value, sums);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
verify_file_piece(struct checker *c, struct slice key, struct slice value, void *arg)
{
	const struct id file = key_front(key);
	const struct key of = key_id(&file);
	int rc;

	(void)value;
	(void)arg;
	if (!verify_has(c, TABLE_FILES, &of, &rc) && rc == 0)
		verify_found(c, TABLE_FILE_PIECES, "a piece of file %s, which does not exist",
		    verify_id_text(&file).s);
	return rc;
}

/* arg: struct file_sums. */
static int
verify_file_totals(struct checker *c, struct slice key, struct slice value, void *arg)
{
	const struct id org = key_front(key);
	const struct record_name name = verify_record_name("the totals of files of", &org);
	struct msg_file_totals_record r;
	struct file_sum *sum = verify_files_sum(arg, &org);

	if (!verify_record(c, TABLE_FILE_TOTALS, name.s, value, &r))
		return 0;
	if (r.files != sum->files || r.bytes != sum->bytes)
		verify_found(c, TABLE_FILE_TOTALS,
		    "%s count %llu with %llu bytes, not %llu with %llu", name.s,
		    (unsigned long long)r.files, (unsigned long long)r.bytes,
		    (unsigned long long)sum->files, (unsigned long long)sum->bytes);
	*sum = (struct file_sum){.org = sum->org};
	return 0;
}

int
verify_files(struct checker *c)
{
	struct file_sums sums = {0};
	int rc = verify_file_records(c, &sums);

	if (rc == 0)
		rc = verify_table(c, TABLE_FILE_PIECES, verify_file_piece, NULL);
	if (rc == 0)
		rc = verify_table(c, TABLE_FILE_TOTALS, verify_file_totals, &sums);
	for (size_t i = 0; rc == 0 && i < sums.n; i++)
		if (sums.of[i].files > 0 || sums.of[i].bytes > 0)
			verify_found(c, TABLE_FILE_TOTALS,
			    "the totals of files of %s are missing",
			    verify_id_text(&sums.of[i].org).s);
	free(sums.of);
	return rc;
}

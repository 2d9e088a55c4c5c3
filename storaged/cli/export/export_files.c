/*
 * Exports the files of messages. Files that are in no message are left out, as nobody would find them.
 */
#include "proto/base/basics.h"
#include "storaged/cli/export/export.h"

static int
export_put_pieces(struct export *e, const struct id *file)
{
	const struct key front = key_id(file);
	struct walk w;
	int rc = walk_open(&w, &e->txn, TABLE_FILE_PIECES, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		rc = w.damaged || !key_fits(TABLE_FILE_PIECES, w.key)
		    ? RECORD_DAMAGED
		    : export_line(e, MSG_IMPORT_FILE_PIECE,
			  &(struct msg_import_file_piece){
			      .file = *file, .offset = piece_place(w.key), .piece = w.value});
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int export_put_copies(struct export *e, const struct msg_file_record *r);

/* Writes the file of an entry by owner, or the copy of one. */
static int
export_put_file(struct export *e, struct slice entry, bool copy)
{
	const struct key key = key_of(entry);
	struct msg_file_record r;
	struct slice record;
	int rc = RECORD_DAMAGED;

	if (key_fits(TABLE_FILES, entry))
		rc = txn_get(&e->txn, TABLE_FILES, &key, &record);
	if (rc == 0 && record_decode(record, MSG_FILE_RECORD, &r) != WIRE_OK)
		rc = RECORD_DAMAGED;
	if (rc == 0 && (r.received != r.total || (id_is_zero(&r.message) && !copy)))
		return 0;
	if (rc == 0)
		rc = export_line(e, MSG_IMPORT_RECORD,
		    &(struct msg_import_record){.type = MSG_FILE_RECORD, .record = record});
	if (rc == 0)
		rc = export_put_pieces(e, &r.id);
	if (rc == 0 && !copy && r.check == FILE_READY)
		rc = export_put_copies(e, &r);
	if (rc != RECORD_DAMAGED && rc != MDB_NOTFOUND)
		return rc;
	export_damaged(e, "a file of a message");
	return 0;
}

/* Writes the copies of a ready picture, which belong to it. */
static int
export_put_copies(struct export *e, const struct msg_file_record *r)
{
	const struct id copies[] = {r->shown, r->small};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(copies); i++) {
		const struct key key = key_id(&copies[i]);

		rc = export_put_file(e, key_slice(&key), true);
	}
	return rc;
}

int
export_files(struct export *e, const struct id *conversation)
{
	const struct key front = key_id(conversation);
	struct walk w;
	int rc = walk_open(&w, &e->txn, TABLE_FILES_BY_OWNER, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		rc = export_put_file(e, w.value, false);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/*
 * The index files_checking has the order in which pictures are checked.
 */
#include "storaged/files/media.h"

#include <limits.h>

#include "proto/base/basics.h"

/* Collects the ids of pictures that wait in env.list. */
static int
media_collect(struct txn *t, uint32_t limit)
{
	const struct key all = {0};
	struct buf *list = &t->env->list;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_FILES_CHECKING, &all);

	buf_reset(list);
	if (rc == 0)
		rc = walk_from(&w, &all);
	for (; rc == 0 && buf_len(list) < limit * sizeof(struct id); rc = walk_next(&w)) {
		/* The others must be checked. */
		if (!w.damaged && key_fits(TABLE_FILES, w.value))
			must(buf_append(list, w.value.p, w.value.len) == 0);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_media_lease(struct txn *t, struct call *c)
{
	const struct msg_media_lease *m = &c->m->media_lease;
	struct msg_media_work work = {.granted = lease_ask(c->media, c->from, &m->lease)};
	int rc = work.granted ? media_collect(t, m->limit) : 0;

	if (rc != 0)
		return rc;
	if (work.granted)
		work.files = buf_slice(&t->env->list);
	call_answer(c, MSG_MEDIA_WORK, &work);
	return 0;
}

static int
media_check_lease(struct call *c, const struct id *lease)
{
	return lease_is_held(c->media, c->from, lease)
	    ? 0
	    : call_refuse(c, STORE_TAKEN, "another mediad has the pictures");
}

/* Finds a picture that waits, and refuses any other. */
static int
media_find(struct txn *t, struct call *c, const struct id *lease, const struct id *file,
    struct msg_file_record *r)
{
	int rc = media_check_lease(c, lease);

	if (rc == 0)
		rc = file_find(t, file, r);
	if (rc == MDB_NOTFOUND || (rc == 0 && r->check != FILE_CHECKING))
		return call_refuse(c, STORE_NOT_FOUND, "no such picture waits");
	return rc;
}

int
handle_media_read(struct txn *t, struct call *c)
{
	const struct msg_media_read *m = &c->m->media_read;
	struct msg_file_piece answer = {0};
	struct msg_file_record r;
	int rc = media_find(t, c, &m->lease, &m->file, &r);

	if (rc == 0 && m->offset < r.total)
		rc = file_read_from(t, &m->file, m->offset, &answer.piece);
	if (rc == 0)
		call_answer(c, MSG_FILE_PIECE, &answer);
	return rc;
}

/* Begins a copy, which belongs to the picture. */
static int
media_begin_copy(struct txn *t, struct call *c, const struct msg_file_record *file,
    struct msg_file_record *copy)
{
	const struct msg_media_append *m = &c->m->media_append;
	int rc = 0;

	if (m->offset != 0 || m->total == 0 || id_is_zero(&m->copy))
		return call_refuse(c, STORE_INVALID, "a copy begins with its first piece");
	*copy = (struct msg_file_record){
	    .v = RECORD_VERSION,
	    .id = m->copy,
	    .org = file->org,
	    .owner = m->file,
	    .total = m->total,
	    .created_at = file->created_at,
	    .type = m->type,
	    .check = FILE_COPY,
	    .width = m->width,
	    .height = m->height,
	};
	if (m->first)
		rc = file_drop_copies(t, &m->file, NULL);
	return rc != 0 ? rc : file_put(t, NULL, copy);
}

static const char *
media_piece_fault(const struct msg_file_record *copy, const struct msg_media_append *m)
{
	const uint32_t rest = copy->total - copy->received;

	if (m->offset != copy->received)
		return "the piece is not the next one of the copy";
	return m->piece.len != (rest < FILE_PIECE_BYTES ? rest : FILE_PIECE_BYTES)
	    ? "only the last piece may be shorter"
	    : NULL;
}

int
handle_media_append(struct txn *t, struct call *c)
{
	const struct msg_media_append *m = &c->m->media_append;
	const struct key key = key_id(&m->copy);
	struct msg_file_record file, copy;
	const char *fault;
	int rc = media_find(t, c, &m->lease, &m->file, &file);

	if (rc != 0)
		return rc;
	rc = txn_get_record(t, TABLE_FILES, &key, &copy);
	if (rc == 0 && (copy.check != FILE_COPY || !id_equal(&copy.owner, &m->file)))
		return call_refuse(c, STORE_INVALID, "another file has this id");
	if (rc == 0 && m->offset < copy.received) {
		call_ok(c);
		return 0;
	}
	/* A new copy must not be stored before its piece is checked. */
	fault = rc == 0 ? media_piece_fault(&copy, m)
	    : rc == MDB_NOTFOUND
	    ? media_piece_fault(&(struct msg_file_record){.total = m->total}, m)
	    : NULL;
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	if (rc == MDB_NOTFOUND)
		rc = media_begin_copy(t, c, &file, &copy);
	if (rc == 0)
		rc = file_add_piece(t, &copy, m->piece);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* Refuses a result without this copy. */
static int
media_check_copy(
    struct txn *t, struct call *c, const struct msg_file_record *file, const struct id *copy)
{
	struct msg_file_record r;
	int rc = file_find_copy(t, file, copy, &r);

	return rc == MDB_NOTFOUND || (rc == 0 && !file_is_complete(&r))
	    ? call_refuse(c, STORE_INVALID, "a copy of the picture is not complete")
	    : rc;
}

/* Stores the result, in place of the picture's own bytes. */
static int
media_end(struct txn *t, const struct msg_file_record *before, const struct msg_media_result *m)
{
	const struct key key = key_id(&m->file);
	struct msg_file_record r = *before;
	int rc;

	r.check = m->reason.len == 0 ? FILE_READY : FILE_REFUSED;
	r.checking_at = 0;
	r.reason = m->reason;
	if (r.check == FILE_READY) {
		r.shown = m->shown;
		r.small = m->small;
	}
	rc = file_put(t, before, &r);
	if (rc == 0)
		rc = file_remove_pieces(t, &key, UINT_MAX);
	if (rc == MDB_NOTFOUND)
		rc = file_drop_copies(t, &m->file, &r);
	return rc;
}

int
handle_media_result(struct txn *t, struct call *c)
{
	const struct msg_media_result *m = &c->m->media_result;
	struct msg_file_record r;
	int rc = media_check_lease(c, &m->lease);

	if (rc != 0)
		return rc;
	rc = file_find(t, &m->file, &r);
	if (rc == MDB_NOTFOUND || (rc == 0 && r.check != FILE_CHECKING)) {
		call_ok(c);
		return 0;
	}
	if (rc == 0 && m->reason.len == 0)
		rc = media_check_copy(t, c, &r, &m->shown);
	if (rc == 0 && m->reason.len == 0)
		rc = media_check_copy(t, c, &r, &m->small);
	if (rc == 0)
		rc = media_end(t, &r, m);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
media_extent(struct txn *t, uint64_t *waiting, uint64_t *since)
{
	const struct key all = {0};
	struct key first;
	size_t n;
	int rc = txn_count(t, TABLE_FILES_CHECKING, &n);

	*waiting = *since = 0;
	if (rc == 0)
		*waiting = n;
	if (rc == 0)
		rc = txn_first(t, TABLE_FILES_CHECKING, &all, &first);
	if (rc == 0 && key_fits(TABLE_FILES_CHECKING, key_slice(&first)))
		*since = key_mail_time(key_slice(&first));
	return rc == MDB_NOTFOUND ? 0 : rc;
}

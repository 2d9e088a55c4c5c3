/*
 * A sender may repeat a request whose answer it has not received: the answer says how much is stored.
 */
#include "storaged/files/files.h"

#include "proto/base/clock.h"

static const char no_such_file[] = "no such file";

/* A piece of a file, as a request brings it. */
struct file_piece {
	const struct id *file;
	uint32_t offset;
	struct slice bytes;
};

static int
file_answer_bytes(
    struct call *c, const struct msg_file_record *r, const struct msg_file_record *bytes)
{
	call_answer(c, MSG_FILE_STATE,
	    &(struct msg_file_state){.org = r->org,
		.total = bytes->total,
		.received = bytes->received,
		.created_at = r->created_at,
		.name = r->name,
		.type = bytes->type,
		.digest = file_is_complete(bytes) ? bytes->digest : (struct hash256){{0}},
		.check = r->check,
		.reason = r->reason});
	return 0;
}

static int
file_answer(struct call *c, const struct msg_file_record *r)
{
	return file_answer_bytes(c, r, r);
}

/* Refuses a file for which there is no room. */
static int
file_check_room(struct txn *t, struct call *c, const struct id *org, uint32_t bytes)
{
	static const struct id all;
	const struct env *env = t->env;
	struct msg_file_totals_record totals;
	int rc = file_totals(t, &all, &totals);

	if (rc == 0 && totals.bytes + bytes > env->files_max_bytes)
		return call_refuse(c, STORE_LIMIT, "the files take FILES_MAX_BYTES");
	if (rc == 0 && env->files_org_max_bytes > 0)
		rc = file_totals(t, org, &totals);
	if (rc == 0 && env->files_org_max_bytes > 0 &&
	    totals.bytes + bytes > env->files_org_max_bytes)
		return call_refuse(
		    c, STORE_LIMIT, "the organization's files take FILES_ORG_MAX_BYTES");
	return rc;
}

static int
file_check_waiting(struct txn *t, struct call *c, const struct id *owner)
{
	const bool admin = id_equal(owner, &c->m->file_begin.org);
	const unsigned most = admin ? FILES_WAITING_ADMIN_MAX : FILES_WAITING_MAX;
	unsigned n;
	int rc = file_count(t, owner, most, &n);

	if (rc == 0 && n == most)
		return call_refuse(c, STORE_BUSY, "too many files are in no message");
	return rc;
}

/* A file with this id has begun. It may be in a message of the owner by now: only the owner knows the id. */
static int
file_begin_again(struct call *c, const struct id *owner, const struct msg_file_record *r)
{
	const struct msg_file_begin *m = &c->m->file_begin;

	if (id_is_zero(&r->owner))
		return call_refuse(c, STORE_BUSY, "the file is being removed");
	if (!id_equal(&r->org, &m->org) || r->total != m->total ||
	    (!id_equal(&r->owner, owner) && id_is_zero(&r->message)))
		return call_refuse(c, STORE_INVALID, "another file has this id");
	return file_answer(c, r);
}

int
file_begin(struct txn *t, struct call *c, const struct id *owner)
{
	const struct msg_file_begin *m = &c->m->file_begin;
	const struct key key = key_id(&m->file);
	const uint64_t now = clock_wall_ms();
	struct msg_file_record r;
	int rc;

	if (id_is_zero(&m->file) || id_is_zero(owner) || m->total == 0 || m->name.len == 0)
		return call_refuse(c, STORE_INVALID, "a file needs an id, a name and bytes");
	rc = txn_get_record(t, TABLE_FILES, &key, &r);
	if (rc == 0)
		return file_begin_again(c, owner, &r);
	if (rc == MDB_NOTFOUND)
		rc = file_check_room(t, c, &m->org, m->total);
	if (rc == 0)
		rc = file_check_waiting(t, c, owner);
	if (rc != 0)
		return rc;
	r = (struct msg_file_record){.v = RECORD_VERSION,
	    .id = m->file,
	    .org = m->org,
	    .owner = *owner,
	    .total = m->total,
	    .created_at = now,
	    .due_at = now + FILE_WAIT_MS,
	    .expected = m->expected,
	    .name = m->name};
	rc = file_put(t, NULL, &r);
	return rc != 0 ? rc : file_answer(c, &r);
}

/* Why a piece cannot be one of the file; NULL: it may. */
static const char *
file_piece_fault(const struct msg_file_record *r, uint32_t offset, struct slice piece)
{
	if (piece.len == 0 || offset % FILE_PIECE_BYTES != 0)
		return "a piece has no bytes, or begins where none does";
	if (offset + piece.len > r->total)
		return "the piece ends behind the file";
	return piece.len != FILE_PIECE_BYTES && offset + piece.len != r->total
	    ? "only the last piece may be shorter"
	    : NULL;
}

/* Finds the file of a piece, and refuses one that it cannot have. any: it may be a copy of a picture. */
static int
file_find_for_piece(struct txn *t, struct call *c, const struct file_piece *piece, bool any,
    struct msg_file_record *r)
{
	const char *fault;
	int rc = file_find_any(t, piece->file, r);

	if (rc == MDB_NOTFOUND || (rc == 0 && !any && r->check == FILE_COPY))
		return call_refuse(c, STORE_NOT_FOUND, no_such_file);
	if (rc != 0)
		return rc;
	fault = file_piece_fault(r, piece->offset, piece->bytes);
	return fault == NULL ? 0 : call_refuse(c, STORE_INVALID, fault);
}

/* Stores a piece if it is the next one. One that is stored already, or comes too early, changes nothing. *wrong: it ends the
 * file, whose bytes do not have the SHA-256 that is expected; it is not stored then. */
static int
file_take_piece(struct txn *t, struct call *c, const struct file_piece *piece,
    struct msg_file_record *r, bool *wrong)
{
	int rc;

	*wrong = false;
	if (piece->offset != r->received || file_is_complete(r))
		return 0;
	*wrong = file_piece_is_wrong(r, piece->bytes);
	if (*wrong)
		return 0;
	rc = file_add_piece(t, r, piece->bytes);
	if (rc == 0)
		rc = file_find_any(t, piece->file, r);
	if (rc == 0 && r->check == FILE_CHECKING)
		call_change_media(c);
	return rc;
}

int
handle_file_append(struct txn *t, struct call *c)
{
	const struct msg_file_append *m = &c->m->file_append;
	const struct file_piece piece = {&m->file, m->offset, m->piece};
	struct msg_file_record r;
	bool wrong;
	int rc = file_find_for_piece(t, c, &piece, false, &r);

	if (rc != 0)
		return rc;
	if (m->offset == 0 && r.received == 0)
		r.type = m->type;
	rc = file_take_piece(t, c, &piece, &r, &wrong);
	if (rc != 0)
		return rc;
	if (!wrong)
		return file_answer(c, &r);
	call_answer(c, MSG_FILE_STATE, &(struct msg_file_state){.org = r.org});
	return file_drop(t, &r);
}

/* Looks up what has the bytes of a file: a copy, if it is ready, or itself. */
static int
file_find_bytes(struct txn *t, const struct msg_file_record *r, enum file_copy copy,
    struct msg_file_record *bytes)
{
	if (r->check == FILE_READY && copy != COPY_NONE)
		return file_find_copy(t, r, copy == COPY_SMALL ? &r->small : &r->shown, bytes);
	*bytes = *r;
	return 0;
}

int
handle_file_get(struct txn *t, struct call *c)
{
	const struct msg_file_get *m = &c->m->file_get;
	struct msg_file_record r, bytes;
	int rc = file_find(t, &m->file, &r);

	if (rc == 0)
		rc = file_find_bytes(t, &r, m->copy, &bytes);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, no_such_file);
	return rc != 0 ? rc : file_answer_bytes(c, &r, &bytes);
}

int
handle_file_read(struct txn *t, struct call *c)
{
	const struct msg_file_read *m = &c->m->file_read;
	struct msg_file_piece answer = {0};
	struct msg_file_record r, bytes;
	int rc = file_find(t, &m->file, &r);

	if (rc == 0 && r.check == FILE_CHECKING)
		return call_refuse(c, STORE_BUSY, "the picture is not checked yet");
	if (rc == 0 && r.check == FILE_REFUSED)
		return call_refuse(c, STORE_GONE, "the picture was refused");
	if (rc == 0)
		rc = file_find_bytes(t, &r, m->small ? COPY_SMALL : COPY_SHOWN, &bytes);
	if (rc == MDB_NOTFOUND || (rc == 0 && !file_is_complete(&bytes)))
		return call_refuse(c, STORE_NOT_FOUND, no_such_file);
	if (rc == 0 && m->offset < bytes.total)
		rc = file_read_from(t, &bytes.id, m->offset, &answer.piece);
	if (rc == 0)
		call_answer(c, MSG_FILE_PIECE, &answer);
	return rc;
}

int
handle_file_remove(struct txn *t, struct call *c)
{
	struct msg_file_record r;
	int rc = file_find(t, &c->m->file_remove.file, &r);

	if (rc == 0 && id_is_zero(&r.message))
		rc = file_drop(t, &r);
	if (rc == 0 || rc == MDB_NOTFOUND)
		call_ok(c);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_file_describe(struct txn *t, struct call *c)
{
	const struct msg_file_describe *m = &c->m->file_describe;
	struct msg_file_record before, r;
	int rc = file_find(t, &m->file, &before);

	if (rc == MDB_NOTFOUND || (rc == 0 && !id_is_zero(&before.message)))
		return call_refuse(c, STORE_NOT_FOUND, no_such_file);
	r = before;
	r.description = m->description;
	if (rc == 0)
		rc = file_put(t, &before, &r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

static const char *
file_import_fault(const struct msg_file_record *r)
{
	const bool copy = r->check == FILE_COPY;

	if (r->v != RECORD_VERSION)
		return "the file has an unknown version";
	if (id_is_zero(&r->id) || id_is_zero(&r->org) || id_is_zero(&r->owner) ||
	    id_is_zero(&r->message) != copy)
		return "a file needs its ids";
	if (r->total == 0 || r->received != r->total || (r->name.len == 0) != copy ||
	    r->due_at != 0)
		return "the file is incomplete";
	if (r->check == FILE_READY && (id_is_zero(&r->shown) || id_is_zero(&r->small)))
		return "a ready file needs its copies";
	return hash_is_zero(&r->digest) || !hash_equal(&r->digest, &r->expected)
	    ? "a file needs its SHA-256"
	    : NULL;
}

/* A copy of a picture that was imported. */
static int
file_import_copy(struct txn *t, struct call *c, const struct msg_file_record *r)
{
	struct msg_file_record file, fresh = *r;
	int rc = file_find(t, &r->owner, &file);

	if (rc == MDB_NOTFOUND ||
	    (rc == 0 &&
		(!id_equal(&file.org, &r->org) ||
		    (!id_equal(&file.shown, &r->id) && !id_equal(&file.small, &r->id)))))
		return call_refuse(c, STORE_INVALID, "the copy's file does not exist");
	fresh.received = 0;
	fresh.digest = (struct hash256){{0}};
	return rc != 0 ? rc : file_put(t, NULL, &fresh);
}

/* The record of an imported file whose pieces, or copies, follow. An import is complete, also beyond the quota. The last piece
 * decides whether a picture is checked, as of every file. */
static int
file_import_new(struct txn *t, struct call *c, const struct msg_file_record *r)
{
	const struct key key = key_id(&r->owner);
	struct msg_conversation_record conversation;
	struct msg_file_record fresh = *r;
	unsigned n = 0;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&conversation.org, &r->org)))
		return call_refuse(c, STORE_INVALID, "the file's conversation does not exist");
	if (rc == 0)
		rc = file_count(t, &r->owner, FILES_OF_CONVERSATION_MAX, &n);
	if (rc == 0 && n == FILES_OF_CONVERSATION_MAX)
		return call_refuse(c, STORE_LIMIT, "the conversation has too many files");
	if (rc != 0)
		return rc;
	if (file_has_pieces(r)) {
		fresh.received = 0;
		fresh.digest = (struct hash256){{0}};
		fresh.due_at = clock_wall_ms() + FILE_WAIT_MS;
		fresh.check = FILE_UNCHECKED;
		fresh.checking_at = 0;
	}
	return file_put(t, NULL, &fresh);
}

int
file_import(struct txn *t, struct call *c, const struct msg_file_record *r)
{
	const struct key key = key_id(&r->id);
	const char *fault = file_import_fault(r);
	struct msg_file_record there;
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = txn_get_record(t, TABLE_FILES, &key, &there);
	if (rc == 0 &&
	    (!id_equal(&there.owner, &r->owner) || !hash_equal(&there.expected, &r->expected) ||
		there.total != r->total))
		return call_refuse(c, STORE_INVALID, "another file has this id");
	if (rc == MDB_NOTFOUND)
		rc = r->check == FILE_COPY ? file_import_copy(t, c, r)
					   : file_import_new(t, c, r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
handle_import_file_piece(struct txn *t, struct call *c)
{
	const struct msg_import_file_piece *m = &c->m->import_file_piece;
	const struct file_piece piece = {&m->file, m->offset, m->piece};
	struct msg_file_record r;
	bool wrong;
	int rc = file_find_for_piece(t, c, &piece, true, &r);

	if (rc == 0 && m->offset > r.received)
		return call_refuse(
		    c, STORE_INVALID, "pieces of the file are missing before this one");
	if (rc == 0)
		rc = file_take_piece(t, c, &piece, &r, &wrong);
	if (rc != 0)
		return rc;
	if (wrong)
		return call_refuse(c, STORE_INVALID, "the file has another SHA-256");
	call_ok(c);
	return 0;
}

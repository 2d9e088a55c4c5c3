/*
 * Each entry of the meta table is a text that people can read with mdb_dump(1): "TIME BYTES MACHINE", and behind
 * another space the file or the error.
 */
#include "storaged/server/backups.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/secrets.h"
#include "proto/base/utf8.h"
#include "storaged/replication/position.h"

#define BACKUP_TEXT_MAX 1024 /* messages.def: of a file or an error */

/* One entry. */
struct backup {
	uint64_t at, bytes;
	struct slice text;
};

void
backups_find_machine(struct env *env)
{
	static const char scope[] = "banter backups ";
	char id[sizeof(scope) + 64];
	struct hash256 hash;
	ssize_t n;
	int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);

	memcpy(id, scope, sizeof(scope));
	n = fd == -1 ? 0 : read(fd, id + sizeof(scope), sizeof(id) - sizeof(scope));
	if (fd != -1)
		closefd(&fd);
	if (n <= 1)
		return;
	/* Not the id itself, which is confidential (machine-id(5)). */
	hash = secret_hash((struct slice){(const uint8_t *)id, sizeof(scope) + (size_t)n});
	for (size_t i = 0; 2 * i + 2 < sizeof(env->machine); i++)
		(void)snprintf(env->machine + 2 * i, 3, "%02x", hash.b[i]);
}

/* "-": it has no id, as some containers. */
static const char *
backups_machine(const struct env *env)
{
	return env->machine[0] == '\0' ? "-" : env->machine;
}

/* Takes a number off the front of a text. */
static bool
backups_take_number(struct slice *text, uint64_t *n)
{
	size_t digits = 0;

	*n = 0;
	for (; digits < text->len && text->p[digits] >= '0' && text->p[digits] <= '9'; digits++)
		if (__builtin_mul_overflow(*n, 10, n) ||
		    __builtin_add_overflow(*n, text->p[digits] - '0', n))
			return false;
	text->p += digits;
	text->len -= digits;
	return digits > 0;
}

/* The same for bytes that are known. */
static bool
backups_take(struct slice *text, const char *known)
{
	size_t len = strlen(known);

	if (text->len < len || memcmp(text->p, known, len) != 0)
		return false;
	text->p += len;
	text->len -= len;
	return true;
}

static bool
backups_parse(struct slice text, const char *machine, struct backup *b)
{
	if (!backups_take_number(&text, &b->at) || !backups_take(&text, " ") ||
	    !backups_take_number(&text, &b->bytes) || !backups_take(&text, " ") ||
	    !backups_take(&text, machine))
		return false;
	if (text.len > 0 && !backups_take(&text, " "))
		return false;
	b->text = text;
	return text.len <= BACKUP_TEXT_MAX && utf8_valid(text);
}

/* Reads the entry. *b is all zero if this machine has none, or if the entry is invalid. 0 or an LMDB error. */
static int
backups_read_entry(struct txn *t, const char *name, struct backup *b)
{
	struct key key = key_meta(name);
	struct slice text;
	int rc = txn_get(t, TABLE_META, &key, &text);

	if (rc != 0 || !backups_parse(text, backups_machine(t->env), b))
		*b = (struct backup){0};
	return txn_survives(rc) ? 0 : rc;
}

static int
backups_write_entry(struct txn *t, const char *name, const struct backup *b)
{
	struct key key = key_meta(name);
	char text[BACKUP_TEXT_MAX + 96];
	int n = snprintf(text, sizeof(text), "%llu %llu %s%s%.*s", (unsigned long long)b->at,
	    (unsigned long long)b->bytes, backups_machine(t->env), b->text.len > 0 ? " " : "",
	    (int)b->text.len, (const char *)b->text.p);

	return txn_put(t, TABLE_META, &key, (struct slice){(const uint8_t *)text, (size_t)n});
}

int
backups_read(struct txn *t, struct backups *b)
{
	struct backup good = {0}, failed = {0};
	int rc = backups_read_entry(t, META_LAST_BACKUP, &good);

	if (rc == 0)
		rc = backups_read_entry(t, META_BACKUP_FAILED, &failed);
	*b = (struct backups){.at = good.at, .bytes = good.bytes, .file = good.text};
	if (failed.at > good.at) {
		b->failed_at = failed.at;
		b->error = failed.text;
	}
	return rc;
}

int
backups_log_row(struct txn *t, uint64_t *row)
{
	struct position at;
	int rc = position_read(t, &at);

	*row = at.seq;
	return rc;
}

void
backups_note_row(struct env *env, const struct msg_backup_done *m)
{
	if (m->error.len == 0 && m->log_row > env->backup_row)
		env->backup_row = m->log_row;
}

int
handle_backup_done(struct txn *t, struct call *c)
{
	const struct msg_backup_done *m = &c->m->backup_done;
	bool good = m->error.len == 0;
	const char *name = good ? META_LAST_BACKUP : META_BACKUP_FAILED;
	struct backup known, done = {m->at, m->bytes, good ? m->file : m->error};
	uint64_t now = clock_wall_ms();
	int rc;

	backups_note_row(t->env, m);
	if (done.at == 0 || (good && done.bytes == 0))
		return call_refuse(c, STORE_INVALID, "a backup has a time and a size");
	rc = backups_read_entry(t, name, &known);
	if (rc != 0)
		return rc;
	/* A time in the future (from a wrong clock) would hide all later backups. */
	if (done.at > now)
		done.at = now;
	if (known.at > now || known.at <= done.at)
		rc = backups_write_entry(t, name, &done);
	if (rc == 0)
		call_ok(c);
	return rc;
}

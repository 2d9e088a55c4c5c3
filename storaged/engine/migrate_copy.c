/*
 * The copy of the store that is made before a migration changes it.
 */
#include "storaged/engine/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/engine/safe_read.h"

/* LMDB's tree of free pages (mdb.c, FREE_DBI); readers can open it like a table. */
#define FREE_TREE 0

/* Bytes: the size of the copy, and what its file system has free. */
struct room {
	uint64_t wanted, free;
};

/* Each entry of the free list begins with its number of pages. */
static int
migrate_copy_count_free_pages(MDB_txn *txn, uint64_t *pages)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc = mdb_cursor_open(txn, FREE_TREE, &cursor);

	*pages = 0;
	if (rc != 0)
		return rc;
	while ((rc = safe_read_move(cursor, &k, &v, MDB_NEXT)) == 0) {
		size_t n = 0;

		if (v.mv_size >= sizeof(n))
			memcpy(&n, v.mv_data, sizeof(n));
		*pages += n;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The bytes of a compacted copy: all pages but the free ones and their list (mdb.c,
 * mdb_env_copyfd1()). */
static int
migrate_copy_measure(struct env *env, MDB_txn *txn, uint64_t *bytes)
{
	uint64_t free, all;
	MDB_envinfo info;
	MDB_stat list;
	int rc = mdb_env_info(env->mdb, &info);

	if (rc == 0)
		rc = mdb_stat(txn, FREE_TREE, &list);
	if (rc == 0)
		rc = migrate_copy_count_free_pages(txn, &free);
	if (rc != 0)
		return rc;
	all = (uint64_t)info.me_last_pgno + 1;
	free += list.ms_branch_pages + list.ms_leaf_pages + list.ms_overflow_pages;
	/* More free pages than pages: the store is damaged, and the copy will fail. */
	*bytes = free > all ? 0 : (all - free) * list.ms_psize;
	return 0;
}

/* ENOSPC before a byte is written: otherwise every start would fill the disk again. A file
 * system that does not report a size (f_blocks) does not report free space either. */
static int
migrate_copy_check_room(struct env *env, const char *dir, struct room *room)
{
	struct statvfs fs;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	rc = migrate_copy_measure(env, t.mdb, &room->wanted);
	txn_abort(&t);
	if (rc != 0)
		return rc;
	if (statvfs(dir, &fs) == -1)
		return errno;
	room->free = (uint64_t)fs.f_bavail * fs.f_frsize;
	return fs.f_blocks != 0 && room->wanted > room->free ? ENOSPC : 0;
}

/* Writes the whole store to a file. */
static int
migrate_copy_to_fd(struct env *env, int fd)
{
	int rc = mdb_env_copyfd2(env->mdb, fd, MDB_CP_COMPACT);

	/* The compacting copy has counted the pages and found that some are lost, a harmless
	 * leak. The plain copy includes them. */
	if (rc == MDB_INCOMPATIBLE) {
		if (ftruncate(fd, 0) == -1 || lseek(fd, 0, SEEK_SET) == -1)
			return errno;
		rc = mdb_env_copyfd2(env->mdb, fd, 0);
	}
	if (rc == 0 && fsync(fd) == -1)
		rc = errno;
	return rc;
}

/* Creates a file with a copy, and returns its size. */
static int
migrate_copy_to_file(struct env *env, const char *path, uint64_t *bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st = {0};
	int rc;

	if (fd == -1)
		return errno;
	rc = migrate_copy_to_fd(env, fd);
	if (rc == 0 && fstat(fd, &st) == -1)
		rc = errno;
	*bytes = (uint64_t)st.st_size;
	closefd(&fd);
	return rc;
}

/* Renames a file, on disk. */
static int
migrate_copy_rename(const char *dir, const char *from, const char *to)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (fd == -1)
		return errno;
	if (rename(from, to) == -1 || fsync(fd) == -1)
		rc = errno;
	closefd(&fd);
	return rc;
}

/* Nothing of the store was changed. */
static const char *
migrate_copy_help(int rc)
{
	if (env_is_page_damage(rc))
		return "a page is damaged, and nothing was changed: save what can be read with "
		       "banter export --output FILE, restore a backup, start storaged, and "
		       "import "
		       "the file";
	return "the store must be copied before it can be brought to this version's schema, "
	       "and nothing of it was changed: make room for the wanted bytes in this "
	       "directory, or install the old version again";
}

int
migrate_copy(struct env *env, const char *dir, uint64_t from)
{
	char path[PATH_MAX], part[PATH_MAX];
	struct room room = {0};
	uint64_t bytes = 0;
	int n, rc;

	n = snprintf(part, sizeof(part), "%s/data-schema%u.mdb.part", dir, (unsigned)from);
	if (n < 0 || (size_t)n >= sizeof(part))
		return ENAMETOOLONG;
	(void)snprintf(path, sizeof(path), "%s/data-schema%u.mdb", dir, (unsigned)from);
	/* The incomplete copy of an earlier try takes room. */
	unlink(part);
	rc = migrate_copy_check_room(env, dir, &room);
	if (rc == 0)
		rc = migrate_copy_to_file(env, part, &bytes);
	if (rc == 0)
		rc = migrate_copy_rename(dir, part, path);
	if (rc == 0) {
		log_event(LOG_NOTICE, "store_copied", L_STR("path", path),
		    L_UINT("bytes", bytes), L_UINT("schema", from));
		return 0;
	}
	unlink(part);
	log_event(LOG_ERROR, "store_not_copied", L_STR("path", path),
	    L_STR("error", mdb_strerror(rc)), L_UINT("wanted", room.wanted),
	    L_UINT("free", room.free), L_STR("help", migrate_copy_help(rc)));
	return rc;
}

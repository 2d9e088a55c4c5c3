/*
 * LMDB initializes a new file with two writes of which neither is synced, so it happens under another
 * name. mdb.c, mdb_env_init_meta() and mdb_env_setup_locks().
 */
#include "storaged/open/env_create.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/engine/env.h"

#define DATA_NAME "data.mdb"
#define NEW_NAME  "data.mdb.new"
#define LOCK_NAME "lock.mdb"

/* The size that LMDB gives its lock file, for its usual number of readers. */
#define LOCK_BYTES 8192

int
env_create_lock(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int rc = fd == -1 ? errno : posix_fallocate(fd, 0, LOCK_BYTES);

	closefd(&fd);
	return rc;
}

/* Writes LMDB's first two pages. */
static int
env_create_pages(const char *path)
{
	MDB_env *mdb;
	mdb_filehandle_t fd;
	int rc = mdb_env_create(&mdb);

	if (rc != 0)
		return rc;
	rc = mdb_env_open(mdb, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600);
	if (rc == 0)
		rc = mdb_env_get_fd(mdb, &fd);
	if (rc == 0 && fsync(fd) == -1)
		rc = errno;
	mdb_env_close(mdb);
	return rc;
}

int
env_create_sync_dir(int dir)
{
	return fsync(dir) == -1 && errno != EINVAL ? errno : 0;
}

static int
env_create_data(const char *path, int dir)
{
	int rc;

	/* Of a start that failed. */
	if (unlinkat(dir, NEW_NAME, 0) == -1 && errno != ENOENT)
		return errno;
	rc = env_create_pages(path);
	if (rc == 0 && renameat(dir, NEW_NAME, dir, DATA_NAME) == -1)
		rc = errno;
	if (rc == 0)
		rc = env_create_sync_dir(dir);
	if (rc != 0)
		(void)unlinkat(dir, NEW_NAME, 0);
	return rc;
}

int
env_create_files(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;
	char new_path[PATH_MAX];
	struct stat st;

	if (dir == -1)
		return errno;
	rc = env_create_lock(dir, LOCK_NAME);
	if (rc == 0 &&
	    snprintf(new_path, sizeof(new_path), "%s/" NEW_NAME, path) >= (int)sizeof(new_path))
		rc = ENAMETOOLONG;
	if (rc == 0 && fstatat(dir, DATA_NAME, &st, 0) == -1)
		rc = errno == ENOENT ? env_create_data(new_path, dir) : errno;
	else if (rc == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
		rc = env_create_data(new_path, dir);
	closefd(&dir);
	return rc;
}

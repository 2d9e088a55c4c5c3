/*
 * Creation of files without leftovers.
 */
#include "storaged/cli/files/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/files/store_files.h"

/* The file that a signal must remove. dir is -1 without one. */
static struct {
	volatile sig_atomic_t dir;
	char name[NAME_MAX + 1];
} unfinished = {.dir = -1};

/* Removes the file, and then handles the signal by default. */
static void
new_file_on_signal(int sig)
{
	if (unfinished.dir != -1)
		(void)unlinkat(unfinished.dir, unfinished.name, 0);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
new_file_watch_signals(const struct new_file *f)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction act = {.sa_handler = new_file_on_signal};

	strlcpy(unfinished.name, f->partial, sizeof(unfinished.name));
	unfinished.dir = f->dir;
	for (size_t i = 0; i < ARRAY_LEN(ending); i++)
		must(sigaction(ending[i], &act, NULL) == 0);
}

int
new_file_failed(const struct new_file *f, int error)
{
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return console_fail(EX_IOERR,
		    "%s: %s; the incomplete file was removed: free disk space or choose "
		    "another path",
		    f->path, strerror(error));
	return console_fail(
	    EX_IOERR, "%s: %s; the incomplete file was removed", f->path, strerror(error));
}

static int
new_file_cannot_create(const char *path)
{
	return console_fail(EX_CANTCREAT, "%s: %s", path, strerror(errno));
}

/* Splits the path into an open directory and a name. */
static int
new_file_open_dir(struct new_file *f, const char *suffix)
{
	const char *slash = strrchr(f->path, '/');
	const char *name = slash == NULL ? f->path : slash + 1;
	char *dir = slash == NULL ? xstrdup(".") : xstrdup(f->path);
	size_t size = strlen(name) + strlen(suffix) + 1;

	if (slash != NULL)
		dir[slash == f->path ? 1 : slash - f->path] = '\0';
	f->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (f->dir == -1)
		return new_file_cannot_create(f->path);
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return console_fail(EX_CANTCREAT, "%s is a directory, not a file", f->path);
	f->name = xstrdup(name);
	f->partial = xcalloc(1, size);
	strlcpy(f->partial, name, size);
	strlcat(f->partial, suffix, size);
	return 0;
}

/* Only a regular file can be replaced. */
static int
new_file_check_target(const struct new_file *f)
{
	struct stat st;

	if (!(f->how & NEW_FILE_OF_STORE) && store_files_has_name(f->dir, f->name))
		return console_fail(EX_CANTCREAT,
		    "%s is a file of a store: choose another path, or use banter restore",
		    f->path);
	if (fstatat(f->dir, f->name, &st, 0) == -1)
		return errno == ENOENT ? 0 : new_file_cannot_create(f->path);
	if (!S_ISREG(st.st_mode))
		return console_fail(EX_CANTCREAT,
		    "%s exists and is not a regular file: choose another path", f->path);
	if (!(f->how & NEW_FILE_REPLACE))
		return console_fail(
		    EX_CANTCREAT, "%s exists already; --force replaces it", f->path);
	return 0;
}

/* Whether fd still has this name; its previous owner may just have renamed it. */
static bool
new_file_has_name(int fd, int dir, const char *name)
{
	struct stat by_fd, by_name;

	return fstat(fd, &by_fd) == 0 &&
	    fstatat(dir, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(by_fd.st_mode) &&
	    by_fd.st_dev == by_name.st_dev && by_fd.st_ino == by_name.st_ino;
}

/* Reuses the file of a killed process; a lock shows whether it is in use. */
static int
new_file_open_named(struct new_file *f)
{
	f->fd = openat(f->dir, f->partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->fd == -1)
		return new_file_cannot_create(f->path);
	if (flock(f->fd, LOCK_EX | LOCK_NB) == -1 ||
	    !new_file_has_name(f->fd, f->dir, f->partial))
		return console_fail(EX_TEMPFAIL,
		    "%s: another banter process is writing it (%s)", f->path, f->partial);
	f->named = true;
	new_file_watch_signals(f);
	if (ftruncate(f->fd, 0) == -1 || fchmod(f->fd, 0600) == -1)
		return new_file_cannot_create(f->path);
	return 0;
}

/* A file without a name gets one through /proc later (open(2)). */
static bool
new_file_open_nameless(struct new_file *f)
{
	if (access("/proc/self/fd", X_OK) == -1)
		return false;
	f->fd = openat(f->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return f->fd != -1;
}

int
new_file_open(struct new_file *f, const char *path, const char *suffix, unsigned how)
{
	int status;

	*f = (struct new_file){.path = path, .how = how, .fd = -1, .dir = -1};
	status = new_file_open_dir(f, suffix);
	if (status == 0)
		status = new_file_check_target(f);
	if (status == 0 && ((how & NEW_FILE_NAMED) || !new_file_open_nameless(f)))
		status = new_file_open_named(f);
	return status;
}

static int
new_file_link_as(const struct new_file *f, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	return linkat(AT_FDCWD, path, f->dir, name, AT_SYMLINK_FOLLOW);
}

/* linkat() needs a free name, so replacing a file needs a temporary one first. Removes what a
 * killed process left under it. */
static int
new_file_take_partial_name(struct new_file *f)
{
	if (unlinkat(f->dir, f->partial, 0) == -1 && errno != ENOENT)
		return -1;
	new_file_watch_signals(f);
	f->named = new_file_link_as(f, f->partial) == 0;
	return f->named ? 0 : -1;
}

/* Some file systems do not support RENAME_NOREPLACE. */
static int
new_file_rename_to_final(const struct new_file *f)
{
	bool replace = f->how & NEW_FILE_REPLACE;
	int rc = renameat2(f->dir, f->partial, f->dir, f->name, replace ? 0 : RENAME_NOREPLACE);

	if (rc == -1 && !replace && (errno == EINVAL || errno == ENOSYS))
		rc = renameat(f->dir, f->partial, f->dir, f->name);
	return rc;
}

static int
new_file_take_final_name(struct new_file *f)
{
	if (!f->named && !(f->how & NEW_FILE_REPLACE))
		return new_file_link_as(f, f->name);
	if (!f->named && new_file_take_partial_name(f) == -1)
		return -1;
	return new_file_rename_to_final(f);
}

int
new_file_keep(struct new_file *f)
{
	if (fsync(f->fd) == -1)
		return new_file_failed(f, errno);
	if (new_file_take_final_name(f) == -1)
		return new_file_cannot_create(f->path);
	f->named = false;
	unfinished.dir = -1;
	if (fsync(f->dir) == -1)
		return console_fail(EX_IOERR,
		    "%s was written, but a power failure now may lose it: %s", f->path,
		    strerror(errno));
	return 0;
}

void
new_file_close(struct new_file *f)
{
	if (f->named)
		(void)unlinkat(f->dir, f->partial, 0);
	f->named = false;
	unfinished.dir = -1;
	closefd(&f->fd);
	closefd(&f->dir);
	free(f->name);
	free(f->partial);
	f->name = f->partial = NULL;
}

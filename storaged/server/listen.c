/*
 * The lock and the socket. A killed storaged leaves both files behind: the lock is then free, since
 * flock(2) belongs to the process, and the socket refuses connections, which is how it is known to
 * be stale.
 */
#include "storaged/server/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/base/service_manager.h"
#include "proto/ipc/channel.h"

#define BACKLOG 512

static int
listen_status_of_errno(void)
{
	return errno == EACCES || errno == EPERM || errno == EROFS ? EX_NOPERM : EX_IOERR;
}

/* For people who look up the owner; the kernel holds the lock. */
static void
listen_note_pid(int fd)
{
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%ld\n", (long)getpid());
}

/* The lock file must belong to the owner of the directory: storaged cannot use one that belongs
 * to root. */
static int
listen_make_lock(int dir)
{
	int fd = openat(dir, LISTEN_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	if (fd != -1 && geteuid() == 0 &&
	    (fstat(dir, &st) == -1 || fchown(fd, st.st_uid, st.st_gid) == -1))
		closefd(&fd);
	return fd;
}

static int
listen_open_lock(const char *data_dir)
{
	int dir = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (dir == -1)
		return -1;
	fd = openat(dir, LISTEN_LOCK_NAME, O_RDWR | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		fd = listen_make_lock(dir);
	closefd(&dir);
	return fd;
}

int
listen_try_lock(const char *data_dir, int *lock)
{
	int fd = listen_open_lock(data_dir);

	*lock = -1;
	if (fd == -1)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		closefd(&fd);
		return -1;
	}
	listen_note_pid(fd);
	*lock = fd;
	return 0;
}

int
listen_lock(const char *data_dir, int *lock)
{
	*lock = -1;
	if ((mkdir(data_dir, 0700) == 0 || errno == EEXIST) &&
	    listen_try_lock(data_dir, lock) == 0)
		return 0;
	if (errno != EWOULDBLOCK) {
		log_event(LOG_ERROR, "data_dir_unusable", L_STR("dir", data_dir), L_ERRNO(),
		    L_STR("help",
			errno == EACCES ? "DATA_DIR must belong to the user of storaged"
					: NULL));
		return listen_status_of_errno();
	}
	log_event(LOG_ERROR, "store_in_use", L_STR("dir", data_dir), L_ERRNO(),
	    L_STR("help",
		"another storaged serves this directory; its pid is in " LISTEN_LOCK_NAME));
	return EX_TEMPFAIL;
}

static bool
listen_is_listening_unix_stream(int fd)
{
	int domain, type, listening;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX &&
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening == 1;
}

static int
listen_take_inherited(int count, int *fd)
{
	if (count != 1 || !listen_is_listening_unix_stream(SERVICE_MANAGER_FIRST_FD)) {
		log_event(LOG_ERROR, "bad_inherited_socket", L_INT("count", count),
		    L_STR("help", "storaged takes exactly one listening Unix stream socket"));
		return EX_CONFIG;
	}
	/* listen() again makes this process the peer that clients see in SO_PEERCRED, instead of
	 * the process that created the socket (unix(7)). */
	if (fcntl(SERVICE_MANAGER_FIRST_FD, F_SETFD, FD_CLOEXEC) == -1 ||
	    fd_nonblock(SERVICE_MANAGER_FIRST_FD) == -1 ||
	    listen(SERVICE_MANAGER_FIRST_FD, BACKLOG) == -1) {
		log_event(LOG_ERROR, "bad_inherited_socket", L_ERRNO());
		return EX_OSERR;
	}
	*fd = SERVICE_MANAGER_FIRST_FD;
	return 0;
}

/* Removes a socket without a listener; keeps anything else at that path. */
static int
listen_remove_stale(const char *path)
{
	struct stat st;
	int probe;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = ENOTSOCK;
		return -1;
	}
	probe = channel_connect(path);
	if (probe != -1 || errno == EAGAIN) {
		closefd(&probe);
		errno = EADDRINUSE;
		return -1;
	}
	return unlink(path);
}

/* Binds with mode 0660 from the start. */
static int
listen_bind_path(int fd, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t old;
	int r;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	old = umask(0117);
	r = bind(fd, (const struct sockaddr *)&sun, sizeof(sun));
	umask(old);
	return r;
}

int
listen_socket(const char *path, int *fd, bool *inherited)
{
	int count = service_manager_inherited_fds(INT32_MAX);
	int status;

	*fd = -1;
	*inherited = count != 0;
	if (*inherited)
		return listen_take_inherited(count, fd);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd != -1 && listen_remove_stale(path) == 0 && listen_bind_path(*fd, path) == 0 &&
	    listen(*fd, BACKLOG) == 0)
		return 0;
	status = errno == EADDRINUSE ? EX_TEMPFAIL : listen_status_of_errno();
	log_event(LOG_ERROR, "socket_unusable", L_STR("path", path), L_ERRNO(),
	    L_STR("help", status == EX_TEMPFAIL ? "another process listens on it" : NULL));
	closefd(fd);
	return status;
}

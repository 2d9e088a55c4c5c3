/*
 * A channel (proto/ipc/channel.h) with poll(2) instead of an event loop.
 */
#include "storaged/cli/store/store_conn.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/cli/base/console.h"

int
store_conn_not_running(const char *path)
{
	return console_fail(EX_UNAVAILABLE,
	    "storaged is not running: nothing listens on %s; start it (systemctl start "
	    "banter.target, or make run), or set STORE_SOCKET or --socket to its socket",
	    path);
}

/* Whether we are root or the user who made the socket listen (unix(7), SO_PEERCRED). */
static bool
store_conn_is_own_user(int fd, uid_t *uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return true;
	*uid = cred.uid;
	return geteuid() == 0 || geteuid() == cred.uid;
}

static int
store_conn_cannot_connect(const char *path)
{
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		return EX_UNAVAILABLE;
	case EAGAIN:
		return console_fail(
		    EX_TEMPFAIL, "storaged is too busy to accept connections; try again");
	case EACCES:
	case EPERM:
		return console_fail(EX_NOPERM,
		    "%s: %s; run the command as the user of storaged, or as root", path,
		    strerror(errno));
	default:
		return console_fail(EX_OSERR, "%s: %s", path, strerror(errno));
	}
}

int
store_conn_open(struct store_conn *conn, const char *path)
{
	int fd = channel_connect(path);
	uid_t uid = 0;

	*conn = (struct store_conn){.path = path, .channel.fd = -1};
	if (fd == -1)
		return store_conn_cannot_connect(path);
	channel_open(&conn->channel, fd, ROLE_TOOL, ROLE_STORE, STORE_CONN_UNSENT_MAX);
	/* storaged waits 2 s for the hello, and the command may first ask for a password. The next message
	 * would find a failure too. */
	(void)(channel_flush(&conn->channel) == CHANNEL_DONE);
	if (store_conn_is_own_user(fd, &uid))
		return 0;
	return console_fail(EX_NOPERM,
	    "storaged accepts only its own user (uid %u) and root: run the command as one of "
	    "them",
	    (unsigned)uid);
}

int
store_conn_open_running(struct store_conn *conn, const char *path)
{
	int status = store_conn_open(conn, path);

	return status == EX_UNAVAILABLE ? store_conn_not_running(path) : status;
}

void
store_conn_close(struct store_conn *conn)
{
	if (conn->channel.fd != -1)
		channel_close(&conn->channel);
}

int
store_conn_fail_refused(const struct msg_error *error)
{
	int len = (int)error->detail.len;
	const char *text = (const char *)error->detail.p;

	switch (error->code) {
	case STORE_FULL:
		return console_fail(EX_CANTCREAT,
		    "storaged cannot write: %.*s; free space on its disk or raise "
		    "STORE_MAX_BYTES",
		    len, text);
	case STORE_READ_ONLY:
		return console_fail(EX_IOERR,
		    "storaged cannot write: %.*s; see its log, and check the disk", len, text);
	case STORE_NOT_FOUND:
		return console_fail(EX_NOINPUT, "%.*s", len, text);
	case STORE_IS_STANDBY:
		return console_fail(EX_UNAVAILABLE, "%.*s", len, text);
	case STORE_INVALID:
	case STORE_EXISTS:
	case STORE_LIMIT:
	case STORE_LAST_OWNER:
		return console_fail(EX_DATAERR, "%.*s", len, text);
	default:
		return console_fail(
		    EX_SOFTWARE, "storaged failed: %.*s; see its log", len, text);
	}
}

int
store_conn_send(struct store_conn *conn, enum msg_type type, uint64_t request, const void *msg)
{
	if (channel_send(&conn->channel, type, request, msg) == 0)
		return 0;
	must(errno == ENOBUFS);
	return -1;
}

static int
store_conn_fail_closed(const struct store_conn *conn)
{
	if (conn->may_close)
		return EX_UNAVAILABLE;
	if (conn->channel.peer == ROLE_NONE)
		return console_fail(EX_PROTOCOL,
		    "storaged closed the connection at once: it may have another version than "
		    "this banter (%s); see its log",
		    BANTER_VERSION);
	return console_fail(EX_UNAVAILABLE, "storaged closed the connection; see its log");
}

/* storaged sent an invalid message. Before its hello, this means another version. */
static int
store_conn_fail_protocol(const struct store_conn *conn, enum wire_result r)
{
	if (conn->channel.peer == ROLE_NONE)
		return console_fail(EX_PROTOCOL,
		    "storaged has another version than this banter (%s): use the banter of its "
		    "version, or restart storaged after an upgrade",
		    BANTER_VERSION);
	return console_fail(EX_PROTOCOL,
	    "storaged sent an invalid message (%s): banter and storaged may have different "
	    "versions",
	    wire_result_name(r));
}

/* Waits until it can write or read, and does so once. */
static int
store_conn_exchange(struct store_conn *conn, uint64_t deadline)
{
	struct pollfd p = {.fd = conn->channel.fd, .events = POLLIN};
	uint64_t now = clock_mono_ms();
	enum channel_io io = channel_flush(&conn->channel);

	/* A peer that closed the connection may have sent something first. */
	if (io == CHANNEL_PENDING)
		p.events |= POLLOUT;
	if (now >= deadline || poll(&p, 1, (int)(deadline - now)) == 0)
		return console_fail(EX_TEMPFAIL,
		    "storaged did not answer within %u s; it may still complete the request, "
		    "and repeating the command is safe",
		    STORE_CONN_TIMEOUT_MS / 1000);
	if (!(p.revents & (POLLIN | POLLHUP | POLLERR)))
		return 0;
	io = channel_read(&conn->channel);
	return io == CHANNEL_CLOSED || io == CHANNEL_FAILED ? store_conn_fail_closed(conn) : 0;
}

int
store_conn_flush(struct store_conn *conn)
{
	int status = 0;

	while (status == 0 && channel_flush(&conn->channel) != CHANNEL_DONE)
		status = store_conn_exchange(conn, clock_mono_ms() + STORE_CONN_TIMEOUT_MS);
	return status;
}

int
store_conn_receive(struct store_conn *conn, struct frame *f, union msg *answer)
{
	uint64_t deadline = clock_mono_ms() + STORE_CONN_TIMEOUT_MS;

	for (;;) {
		enum wire_result r = channel_next(&conn->channel, f, answer);
		int status;

		if (r == WIRE_OK)
			return 0;
		if (r != WIRE_MORE)
			return store_conn_fail_protocol(conn, r);
		status = store_conn_exchange(conn, deadline);
		if (status != 0)
			return status;
	}
}

int
store_conn_ask(struct store_conn *conn, enum msg_type type, const void *msg,
    enum msg_type expected, union msg *answer, bool *refused)
{
	struct frame f;
	int status;

	do {
		must(store_conn_send(conn, type, 1, msg) == 0);
		status = store_conn_receive(conn, &f, answer);
	} while (status == 0 && f.type == MSG_UNFINISHED);
	if (status != 0)
		return status;
	*refused = f.type == MSG_ERROR;
	return *refused || f.type == expected ? 0
					      : store_conn_fail_protocol(conn, WIRE_FORBIDDEN);
}

int
store_conn_request(struct store_conn *conn, enum msg_type type, const void *msg,
    enum msg_type expected, union msg *answer)
{
	bool refused;
	int status = store_conn_ask(conn, type, msg, expected, answer, &refused);

	return status == 0 && refused ? store_conn_fail_refused(&answer->error) : status;
}

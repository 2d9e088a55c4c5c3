/*
 * Who may speak to storaged, and as what. The socket's owner and mode are the gate: they keep
 * strangers from connecting at all. This looks at those who come through it: our own user and root
 * may do all, members of STORE_GROUP only what workers do, and nobody else anything.
 */
#ifndef STORAGED_SERVER_ACCESS_H
#define STORAGED_SERVER_ACCESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* {0}: there is no such group. */
struct access {
	bool shared;
	gid_t group; /* if shared */
};

/* Looks up the group's name; NULL: none. 0, or EX_CONFIG with the reason logged. */
[[gnu::warn_unused_result]] int access_init(struct access *a, const char *group);

/* Gives the socket that was made at path to the group, if there is one. 0, or EX_NOPERM with the
 * reason logged. */
[[gnu::warn_unused_result]] int access_share(const struct access *a, const char *path);

/*
 * The roles (proto/ipc/messages.h) that the other end of a connected Unix socket may have, by its user
 * and groups as they were when it connected (unix(7), SO_PEERCRED, SO_PEERGROUPS); 0: none. *cred
 * is who it is, with a uid of -1 if that cannot be told.
 */
unsigned access_roles(const struct access *a, int fd, struct ucred *cred);

#endif

/*
 * Access control of the socket. Its owner and mode keep other users from connecting. This module
 * checks those who connect: our own user and root may act as any role, SEARCH_USER only as
 * searchd, CRAWL_USER only as crawld, members of STORE_GROUP only as workers, all others not at all.
 */
#ifndef STORAGED_SERVER_ACCESS_H
#define STORAGED_SERVER_ACCESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* {0}: no group is set. */
struct access {
	bool shared;
	gid_t group; /* if shared */
	bool has_searcher;
	uid_t searcher; /* if there is one */
	bool has_crawler;
	uid_t crawler; /* likewise */
};

/* Looks up a group, and the users of searchd and crawld, by their names (NULL: none). 0, or EX_CONFIG with the reason logged. */
[[gnu::warn_unused_result]] int access_init(
    struct access *a, const char *group, const char *search_user, const char *crawl_user);

/* Gives the socket at path to the group, if one is set. 0, or EX_NOPERM with the reason logged. */
[[gnu::warn_unused_result]] int access_share(const struct access *a, const char *path);

/* The roles of a user; member: it is in the group. */
unsigned access_roles_of(const struct access *a, uid_t uid, bool member);

/*
 * Returns the roles (proto/ipc/messages.h) that the peer of a connected Unix socket may have, by
 * its user and groups at connect time (unix(7), SO_PEERCRED, SO_PEERGROUPS); 0: none. *cred is the
 * peer, with a uid of -1 if unknown.
 */
unsigned access_roles(const struct access *a, int fd, struct ucred *cred);

#endif

/*
 * Access control of the daemons' sockets, by the table in access.def. The owner and mode of a socket's file keep other
 * users from connecting; this module decides, by the uid of those who connect, which role they may have.
 */
#ifndef PROTO_ACCESS_ACCESS_H
#define PROTO_ACCESS_ACCESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

enum access_socket { ACCESS_STORE, ACCESS_SEARCH };

/* OWN is not among the users of a struct access: it is always the process's own user, and root. */
enum access_user {
	ACCESS_OWN,
	ACCESS_FRONT,
	ACCESS_SEARCHD,
	ACCESS_CRAWLD,
	ACCESS_MAILD,
	ACCESS_MEDIAD
};

#define ACCESS_USERS_MAX 16

/* {0}: storaged's socket, for its own user and root alone. */
struct access {
	enum access_socket socket;
	bool shared;
	gid_t group; /* of the socket's file, if shared */
	size_t n;
	struct {
		enum access_user user;
		uid_t uid;
	} users[ACCESS_USERS_MAX];
};

/* Names of the settings; NULL: not set. */
struct access_config {
	enum access_socket socket;
	const char *group; /* STORE_GROUP */
	const char *front, *search_user, *crawl_user, *mail_user,
	    *media_user; /* FRONT_USER: one name, or several with commas */
};

/* Looks up the group and the users by their names. 0, or EX_CONFIG with the reason logged. */
[[gnu::warn_unused_result]] int access_init(
    struct access *a, const struct access_config *config);

/* Gives the socket's file at path to the group, if one is set. 0, or EX_NOPERM with the reason logged. */
[[gnu::warn_unused_result]] int access_share(const struct access *a, const char *path);

/* The roles (proto/ipc/messages.h) that a user may have; 0: none. */
unsigned access_roles_of(const struct access *a, uid_t uid);

/*
 * Returns the roles that the peer of a connected Unix socket may have, by its user at connect time (unix(7), SO_PEERCRED).
 * 0: none, which is logged. *cred is the peer, with a uid of -1 if unknown.
 */
unsigned access_roles(const struct access *a, int fd, struct ucred *cred);

#endif

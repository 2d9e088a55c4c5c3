/*
 * Looks up the group of STORE_GROUP, the users of SEARCH_USER and CRAWL_USER, and the user and groups of a peer.
 */
#include "storaged/server/access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/ipc/messages.h"

static int
access_find_group(struct access *a, const char *name)
{
	const struct group *found;

	errno = 0;
	found = getgrnam(name);
	if (found == NULL) {
		log_event(LOG_ERROR, "store_group_unknown", L_STR("group", name),
		    L_STR("error", errno == 0 ? NULL : strerror(errno)));
		return EX_CONFIG;
	}
	a->shared = true;
	a->group = found->gr_gid;
	return 0;
}

/* Finds a user who may act in one role. event: of the log, if there is no such user. */
static int
access_find_user(const char *event, const char *name, bool *found, uid_t *uid)
{
	const struct passwd *user;

	if (name == NULL)
		return 0;
	errno = 0;
	user = getpwnam(name);
	if (user == NULL) {
		log_event(LOG_ERROR, event, L_STR("user", name),
		    L_STR("error", errno == 0 ? NULL : strerror(errno)));
		return EX_CONFIG;
	}
	*found = true;
	*uid = user->pw_uid;
	return 0;
}

int
access_init(
    struct access *a, const char *group, const char *search_user, const char *crawl_user)
{
	int status = 0;

	*a = (struct access){0};
	if (group != NULL)
		status = access_find_group(a, group);
	if (status == 0)
		status = access_find_user(
		    "search_user_unknown", search_user, &a->has_searcher, &a->searcher);
	if (status == 0)
		status = access_find_user(
		    "crawl_user_unknown", crawl_user, &a->has_crawler, &a->crawler);
	return status;
}

int
access_share(const struct access *a, const char *path)
{
	if (!a->shared || chown(path, (uid_t)-1, a->group) == 0)
		return 0;
	log_event(LOG_ERROR, "socket_not_shared", L_STR("path", path), L_UINT("gid", a->group),
	    L_ERRNO(), L_STR("help", "storaged's user has to be in STORE_GROUP"));
	return EX_NOPERM;
}

/* The peer's supplementary groups, or NULL if it has none; the caller frees them. There are at
 * most NGROUPS_MAX. */
static gid_t *
access_peer_groups(int fd, size_t *n)
{
	socklen_t size = 0;
	gid_t *groups;

	*n = 0;
	/* With a buffer that is too small, the kernel returns the needed size (ERANGE). */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
		return NULL;
	groups = xcalloc(size / sizeof(*groups), sizeof(*groups));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
		*n = size / sizeof(*groups);
	return groups;
}

static bool
access_is_member(int fd, const struct ucred *cred, gid_t group)
{
	bool found = cred->gid == group;
	gid_t *groups;
	size_t n;

	groups = access_peer_groups(fd, &n);
	for (size_t i = 0; i < n && !found; i++)
		found = groups[i] == group;
	free(groups);
	return found;
}

unsigned
access_roles_of(const struct access *a, uid_t uid, bool member)
{
	if (uid == geteuid() || uid == 0)
		return ROLE_WORKER | ROLE_TOOL | ROLE_SEARCH | ROLE_CRAWL;
	/* Also if it is in the group, which the socket's mode may require. */
	if (a->has_searcher && uid == a->searcher)
		return ROLE_SEARCH;
	if (a->has_crawler && uid == a->crawler)
		return ROLE_CRAWL;
	return member ? ROLE_WORKER : 0;
}

unsigned
access_roles(const struct access *a, int fd, struct ucred *cred)
{
	socklen_t len = sizeof(*cred);

	*cred = (struct ucred){.uid = (uid_t)-1};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred, &len) == -1)
		return 0;
	return access_roles_of(a, cred->uid, a->shared && access_is_member(fd, cred, a->group));
}

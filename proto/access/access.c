/*
 * Looks up the group and the users of the settings, and the user of a peer.
 */
#include "proto/access/access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"
#include "proto/ipc/messages.h"

#define NAME_SIZE 33 /* useradd(8): at most 32 bytes */

static const struct {
	enum access_socket socket;
	enum access_user user;
	unsigned roles;
} table[] = {
#define ACCESS(SOCKET, USER, roles) {ACCESS_##SOCKET, ACCESS_##USER, (roles)},
#include "proto/access/access.def"
};

static int
access_unknown(const char *setting, const char *name)
{
	log_event(LOG_ERROR, "access_name_unknown", L_STR("setting", setting),
	    L_STR("name", name), L_STR("error", errno == 0 ? NULL : strerror(errno)),
	    L_STR("help", "create it, or correct the setting"));
	return EX_CONFIG;
}

static int
access_find_group(struct access *a, const char *name)
{
	const struct group *found;

	if (name == NULL)
		return 0;
	errno = 0;
	found = getgrnam(name);
	if (found == NULL)
		return access_unknown("STORE_GROUP", name);
	a->shared = true;
	a->group = found->gr_gid;
	return 0;
}

static int
access_find_user(
    struct access *a, const char *setting, enum access_user user, struct slice text)
{
	const struct passwd *found = NULL;
	char name[NAME_SIZE];

	errno = 0;
	if (slice_copy_text(text, name, sizeof(name)))
		found = getpwnam(name);
	if (found == NULL)
		return access_unknown(setting, text.len < sizeof(name) ? name : "(too long)");
	if (a->n == ACCESS_USERS_MAX) {
		log_event(LOG_ERROR, "access_users_too_many", L_STR("setting", setting),
		    L_UINT("max", ACCESS_USERS_MAX));
		return EX_CONFIG;
	}
	a->users[a->n].user = user;
	a->users[a->n++].uid = found->pw_uid;
	return 0;
}

/* names: with commas between them, or NULL. */
static int
access_find_users(
    struct access *a, const char *setting, enum access_user user, const char *names)
{
	int status = 0;

	while (status == 0 && names != NULL) {
		size_t n = strcspn(names, ",");
		struct slice name = {(const uint8_t *)names, n};

		status = access_find_user(a, setting, user, name);
		names = names[n] == ',' ? names + n + 1 : NULL;
	}
	return status;
}

int
access_init(struct access *a, const struct access_config *config)
{
	int status;

	*a = (struct access){.socket = config->socket};
	status = access_find_group(a, config->group);
	if (status == 0)
		status = access_find_users(a, "FRONT_USER", ACCESS_FRONT, config->front);
	if (status == 0)
		status =
		    access_find_users(a, "SEARCH_USER", ACCESS_SEARCHD, config->search_user);
	if (status == 0)
		status = access_find_users(a, "CRAWL_USER", ACCESS_CRAWLD, config->crawl_user);
	if (status == 0)
		status = access_find_users(a, "MAIL_USER", ACCESS_MAILD, config->mail_user);
	if (status == 0)
		status = access_find_users(a, "MEDIA_USER", ACCESS_MEDIAD, config->media_user);
	return status;
}

int
access_share(const struct access *a, const char *path)
{
	if (!a->shared || chown(path, (uid_t)-1, a->group) == 0)
		return 0;
	log_event(LOG_ERROR, "socket_not_shared", L_STR("path", path), L_UINT("gid", a->group),
	    L_ERRNO(), L_STR("help", "this daemon's user has to be in STORE_GROUP"));
	return EX_NOPERM;
}

static unsigned
access_of_row(enum access_socket socket, enum access_user user)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].socket == socket && table[i].user == user)
			return table[i].roles;
	return 0;
}

unsigned
access_roles_of(const struct access *a, uid_t uid)
{
	unsigned roles = 0;

	if (uid == geteuid() || uid == 0)
		roles = access_of_row(a->socket, ACCESS_OWN);
	for (size_t i = 0; i < a->n; i++)
		if (uid == a->users[i].uid)
			roles |= access_of_row(a->socket, a->users[i].user);
	return roles;
}

unsigned
access_roles(const struct access *a, int fd, struct ucred *cred)
{
	socklen_t len = sizeof(*cred);
	unsigned roles = 0;

	*cred = (struct ucred){.uid = (uid_t)-1};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred, &len) == 0)
		roles = access_roles_of(a, cred->uid);
	if (roles == 0)
		log_event(LOG_WARN, "peer_refused", L_INT("uid", (int64_t)cred->uid),
		    L_INT("pid", cred->pid),
		    L_STR("help", "FRONT_USER names the users of workers"));
	return roles;
}

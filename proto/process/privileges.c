#include "proto/process/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

void
privileges_renounce(void)
{
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

void
privileges_hide_memory(void)
{
	/* LeakSanitizer reads it, from another process. */
#ifndef BANTER_SANITIZED
	must(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
#endif
}

/* setresuid(2) of root clears its capabilities, too (capabilities(7)). */
static bool
privileges_switch(const struct passwd *to)
{
	return initgroups(to->pw_name, to->pw_gid) == 0 &&
	    setresgid(to->pw_gid, to->pw_gid, to->pw_gid) == 0 &&
	    setresuid(to->pw_uid, to->pw_uid, to->pw_uid) == 0;
}

/* From root. Changing the user also hides the memory. */
static int
privileges_leave_root(const struct passwd *to)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);

	if (!privileges_switch(to)) {
		log_event(LOG_ERROR, "user_not_changed", L_STR("user", to->pw_name), L_ERRNO(),
		    L_STR("help",
			"root needs the capabilities CAP_SETUID and CAP_SETGID for "
			"RUN_AS_USER"));
		return EX_NOPERM;
	}
	must(setuid(0) == -1 && geteuid() == to->pw_uid);
	if (dumpable == 1)
		must(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	log_event(LOG_INFO, "user_changed", L_STR("user", to->pw_name),
	    L_UINT("uid", to->pw_uid), L_UINT("gid", to->pw_gid));
	return 0;
}

int
privileges_become(const char *user)
{
	const struct passwd *to = user == NULL ? NULL : getpwnam(user);

	if (user == NULL) {
		if (geteuid() == 0)
			log_event(LOG_WARN, "runs_as_root",
			    L_STR("help", "set RUN_AS_USER to a user without privileges"));
		return 0;
	}
	/* The setting was checked, but somebody may have removed the user since. */
	if (to == NULL) {
		log_event(LOG_ERROR, "user_unknown", L_STR("user", user));
		return EX_CONFIG;
	}
	if (geteuid() == 0)
		return privileges_leave_root(to);
	if (geteuid() != to->pw_uid)
		log_event(LOG_WARN, "user_not_changed", L_STR("user", user),
		    L_STR("help", "RUN_AS_USER has no effect: only root can change its user"));
	return 0;
}

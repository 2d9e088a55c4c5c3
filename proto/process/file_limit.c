#include "proto/process/file_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/base/basics.h"

/* All rights that the first version knows. */
#define RIGHTS (((uint64_t)LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* What is allowed of a file, and of a directory in addition. */
#define FILE_RIGHTS ((uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE))

bool
file_limit_exists(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >
	    0;
}

static int
file_limit_allow(int rules, const char *path)
{
	struct landlock_path_beneath_attr beneath = {.allowed_access = FILE_RIGHTS};
	struct stat st;
	int rc, fd = open(path, O_PATH | O_CLOEXEC);

	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	rc = fstat(fd, &st);
	if (rc == 0 && S_ISDIR(st.st_mode))
		beneath.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	beneath.parent_fd = fd;
	if (rc == 0)
		rc = (int)syscall(
		    SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	closefd(&fd);
	return rc;
}

int
file_limit_start(const char *const *paths, size_t n)
{
	const struct landlock_ruleset_attr attr = {.handled_access_fs = RIGHTS};
	int rc = 0, rules;

	if (!file_limit_exists())
		return 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules == -1)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = file_limit_allow(rules, paths[i]);
	if (rc == 0)
		rc = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	closefd(&rules);
	return rc;
}

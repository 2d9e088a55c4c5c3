#include "proto/process/file_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/base/basics.h"

/* All rights that the first version knows. */
#define RIGHTS (((uint64_t)LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

bool
file_limit_exists(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >
	    0;
}

/* The rights are those of a file; a directory that may be read may be listed, too. */
static int
file_limit_allow(int rules, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr beneath = {.allowed_access = rights};
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

static int
file_limit_allow_all(int rules, const char *const *paths, uint64_t rights)
{
	int rc = 0;

	for (; *paths != NULL && rc == 0; paths++)
		rc = file_limit_allow(rules, *paths, rights);
	return rc;
}

/* The first object is the program (dl_iterate_phdr(3)). */
static int
file_limit_find_loader(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			*(const char **)arg =
			    (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	return 1;
}

const char *
file_limit_loader(void)
{
	const char *path = "";

	(void)dl_iterate_phdr(file_limit_find_loader, &path);
	return path;
}

int
file_limit_start(const struct file_limit *limit)
{
	const struct landlock_ruleset_attr attr = {.handled_access_fs = RIGHTS};
	int rc, rules;

	if (!file_limit_exists())
		return 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules == -1)
		return -1;
	rc = file_limit_allow_all(rules, limit->readable, LANDLOCK_ACCESS_FS_READ_FILE);
	if (rc == 0)
		rc = file_limit_allow_all(rules, limit->executable,
		    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE);
	if (rc == 0)
		rc = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	closefd(&rules);
	return rc;
}

/*
 * A directory that storaged has used contains its lock file, which is never removed.
 */
#include "storaged/cli/files/store_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/server/listen.h"

bool
store_files_has_name(int dir, const char *name)
{
	static const char *const own[] = {STORE_DATA_NAME, STORE_LOCK_NAME, LISTEN_LOCK_NAME};

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strcmp(name, own[i]) == 0)
			return faccessat(dir, LISTEN_LOCK_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	return false;
}

bool
store_files_has_path(const char *path)
{
	char *real = realpath(path, NULL);
	char *slash = real == NULL ? NULL : strrchr(real, '/');
	bool own = false;
	int dir;

	if (slash != NULL) {
		*slash = '\0';
		dir = open(slash == real ? "/" : real, O_PATH | O_DIRECTORY | O_CLOEXEC);
		own = dir != -1 && store_files_has_name(dir, slash + 1);
		closefd(&dir);
	}
	free(real);
	return own;
}

#include "proto/process/old_libraries.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether a list of names, separated by ", ", has this one. */
static bool
old_libraries_have(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = names; (at = strstr(at, name)) != NULL; at += len)
		if ((at == names || at[-1] == ' ') && (at[len] == '\0' || at[len] == ','))
			return true;
	return false;
}

/* The file name of a deleted library in a line of maps, which ends in it; else NULL. Changes the line. */
static const char *
old_libraries_of_line(char *line)
{
	static const char deleted[] = " (deleted)";
	char *path = strchr(line, '/'), *end, *name;

	if (path == NULL)
		return NULL;
	end = strstr(path, deleted);
	if (end == NULL || end[strlen(deleted)] != '\n')
		return NULL;
	*end = '\0';
	name = strrchr(path, '/') + 1;
	return strstr(name, ".so") == NULL ? NULL : name;
}

void
old_libraries_add(pid_t pid, char names[OLD_LIBRARIES_SIZE])
{
	char path[64] = "/proc/self/maps", *line = NULL;
	size_t size = 0;
	FILE *f;

	if (pid != 0)
		(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	while (getline(&line, &size, f) != -1) {
		const char *name = old_libraries_of_line(line);
		size_t len = strlen(names);

		if (name == NULL || old_libraries_have(names, name) ||
		    len + 2 + strlen(name) >= OLD_LIBRARIES_SIZE)
			continue;
		(void)snprintf(
		    names + len, OLD_LIBRARIES_SIZE - len, "%s%s", len == 0 ? "" : ", ", name);
	}
	free(line);
	(void)fclose(f);
}

/*
 * /proc/PID/stat is `pid (name) state parent …`; the name may contain any character.
 */
#include "storaged/cli/base/processes.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

struct process {
	char name[32];
	pid_t parent;
};

static bool
processes_process_read_stat(pid_t pid, struct process *p)
{
	char path[64], text[512], *name, *end;
	int parent;
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[n] = '\0';
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (name == NULL || end == NULL || end < name ||
	    sscanf(end + 1, " %*c %d", &parent) != 1)
		return false;
	*end = '\0';
	strlcpy(p->name, name + 1, sizeof(p->name));
	p->parent = (pid_t)parent;
	return true;
}

pid_t
process_parent(pid_t pid, const char *name)
{
	struct process child, parent;

	if (pid <= 0 || !processes_process_read_stat(pid, &child) || child.parent <= 0 ||
	    !processes_process_read_stat(child.parent, &parent) ||
	    strcmp(parent.name, name) != 0)
		return 0;
	return child.parent;
}

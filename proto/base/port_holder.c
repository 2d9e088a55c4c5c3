/*
 * proc(5): /proc/net/tcp has the inode of each socket, and /proc/<pid>/fd links to socket:[inode].
 */
#include "proto/base/port_holder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"

#define TCP_STATE_LISTEN 0x0a

/* Whether the process has this link, the text of a socket, among its descriptors. */
static bool
port_holder_has_socket(const char *pid, const char *link)
{
	char path[300], target[64];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir != NULL && !found && (e = readdir(dir)) != NULL) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);

		target[n == -1 ? 0 : n] = '\0';
		found = strcmp(target, link) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static void
port_holder_read_program(struct port_holder *h, const char *pid)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	h->pid = (pid_t)strtol(pid, NULL, 10);
	h->program[0] = '\0';
	if (f == NULL)
		return;
	if (fgets(h->program, sizeof(h->program), f) != NULL)
		h->program[strcspn(h->program, "\n")] = '\0';
	fclose(f);
}

static bool
port_holder_find_inode(struct port_holder *h, unsigned long inode)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	bool found = false;
	char link[64];

	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	while (dir != NULL && !found && (e = readdir(dir)) != NULL) {
		found = e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
		    port_holder_has_socket(e->d_name, link);
		if (found)
			port_holder_read_program(h, e->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

bool
port_holder_find(struct port_holder *h, uint16_t port)
{
	static const char *const tables[] = {"/proc/self/net/tcp", "/proc/self/net/tcp6"};
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(tables) && !found; i++) {
		FILE *f = fopen(tables[i], "re");
		char line[512];

		while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
			unsigned local, state;
			unsigned long inode;

			found = sscanf(line, "%*s %*[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %lu",
				    &local, &state, &inode) == 3 &&
			    local == port && state == TCP_STATE_LISTEN &&
			    port_holder_find_inode(h, inode);
		}
		if (f != NULL)
			fclose(f);
	}
	return found;
}

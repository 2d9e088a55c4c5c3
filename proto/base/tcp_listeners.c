/*
 * /proc/<pid>/net/tcp and tcp6 have a line for each socket of the process's network namespace, with its
 * inode; /proc/<pid>/fd links to socket:[inode] for the sockets of the process itself.
 */
#include "proto/base/tcp_listeners.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>

#include "proto/base/basics.h"

#define TCP_STATE_LISTEN 0x0a /* TCP_LISTEN in the kernel's include/net/tcp_states.h */

/* A socket that listens. */
struct listener {
	struct socket_address address;
	unsigned long inode;
};

/* Returns false to end the search. */
typedef bool listener_fn(const struct listener *l, void *arg);

/* The address as the kernel prints it: each 32-bit word in hexadecimal, in the machine's byte order. */
static bool
tcp_listeners_parse_address(const char *hex, unsigned port, struct socket_address *out)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&ss;
	size_t words = strlen(hex) / 8;
	uint32_t word[4];

	if (words != 1 && words != 4)
		return false;
	for (size_t i = 0; i < words; i++) {
		char text[9] = "";

		memcpy(text, hex + 8 * i, 8);
		word[i] = (uint32_t)strtoul(text, NULL, 16);
	}
	ss.ss_family = words == 1 ? AF_INET : AF_INET6;
	memcpy(words == 1 ? (void *)&in4->sin_addr : (void *)&in6->sin6_addr, word, 4 * words);
	in6->sin6_port = htons((uint16_t)port); /* at the same place in both */
	*out = socket_address_from(&ss);
	return true;
}

/* A line of the table. False: it is not a socket that listens. */
static bool
tcp_listeners_parse_line(const char *line, struct listener *l)
{
	unsigned port, state;
	char hex[33];

	return sscanf(line,
		   " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %lu",
		   hex, &port, &state, &l->inode) == 4 &&
	    state == TCP_STATE_LISTEN && tcp_listeners_parse_address(hex, port, &l->address);
}

/* Calls fn with the listeners of the process's network namespace. */
static void
tcp_listeners_each(pid_t pid, listener_fn *fn, void *arg)
{
	static const char *const tables[] = {"tcp", "tcp6"};
	bool more = true;

	for (size_t i = 0; i < ARRAY_LEN(tables) && more; i++) {
		char path[64], line[512];
		struct listener l;
		FILE *f;

		(void)snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, tables[i]);
		f = fopen(path, "re");
		while (f != NULL && more && fgets(line, sizeof(line), f) != NULL)
			more = !tcp_listeners_parse_line(line, &l) || fn(&l, arg);
		if (f != NULL)
			fclose(f);
	}
}

/* Whether the process has a descriptor of this socket. */
static bool
tcp_listeners_is_of(pid_t pid, const struct listener *l)
{
	char path[64], wanted[64], link[64];
	bool found = false;
	struct dirent *e;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	(void)snprintf(wanted, sizeof(wanted), "socket:[%lu]", l->inode);
	dir = opendir(path);
	while (dir != NULL && !found && (e = readdir(dir)) != NULL) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = '\0';
		found = strcmp(link, wanted) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static void
tcp_listeners_read_program(struct tcp_process *process)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)process->pid);
	f = fopen(path, "re");
	process->program[0] = '\0';
	if (f == NULL)
		return;
	if (fgets(process->program, sizeof(process->program), f) != NULL)
		process->program[strcspn(process->program, "\n")] = '\0';
	fclose(f);
}

/* The process that is looked for. */
struct process_search {
	uint16_t port;
	struct tcp_process *process;
	bool found;
};

static bool
tcp_listeners_on_port(const struct listener *l, void *arg)
{
	struct process_search *s = arg;
	struct dirent *e;
	DIR *dir;

	if (l->address.port != s->port)
		return true;
	dir = opendir("/proc");
	while (dir != NULL && !s->found && (e = readdir(dir)) != NULL) {
		s->process->pid = (pid_t)strtol(e->d_name, NULL, 10);
		s->found = s->process->pid > 0 && tcp_listeners_is_of(s->process->pid, l);
	}
	if (dir != NULL)
		closedir(dir);
	if (s->found)
		tcp_listeners_read_program(s->process);
	return !s->found;
}

bool
tcp_listeners_find_process(uint16_t port, struct tcp_process *process)
{
	struct process_search search = {.port = port, .process = process};

	tcp_listeners_each(getpid(), tcp_listeners_on_port, &search);
	return search.found;
}

/* The addresses of a process that were found. */
struct address_search {
	pid_t pid;
	struct socket_address *at;
	size_t n, max;
};

static bool
tcp_listeners_on_address(const struct listener *l, void *arg)
{
	struct address_search *s = arg;

	if (s->n < s->max && tcp_listeners_is_of(s->pid, l))
		s->at[s->n++] = l->address;
	return s->n < s->max;
}

size_t
tcp_listeners_of_process(pid_t pid, struct socket_address *at, size_t max)
{
	struct address_search search = {.pid = pid, .at = at, .max = max};

	tcp_listeners_each(pid, tcp_listeners_on_address, &search);
	return search.n;
}

/*
 * A unit of an installed banter, as systemd sees it (systemctl(1), journalctl(1)).
 */
#ifndef STORAGED_CLI_SERVICE_UNIT_H
#define STORAGED_CLI_SERVICE_UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define UNIT_ERROR_MAX 1024

struct unit {
	char active[16];            /* ActiveState: "active", "failed", … */
	int exit_status;            /* of the last main process */
	pid_t pid;                  /* of the main process; 0: none */
	char error[UNIT_ERROR_MAX]; /* the newest line of the log at level error; "" if none */
	uint64_t error_at;          /* its time, ms since 1970 */
};

/* Whether systemd runs this machine, and the store with this socket is the installed one. */
bool unit_is_used(const char *store_socket);

/* Reads the state of a unit of banter, for example "banter.service". Errors in the log older than a
 * day are ignored, unless the unit has failed. False: there is no such unit. */
[[gnu::warn_unused_result]] bool unit_read(struct unit *u, const char *name);

/* The version with which a process of a unit has started, from its log; "" if the log does not have it any more. */
struct unit_version {
	char text[32];
};
struct unit_version unit_version(pid_t pid);

#endif

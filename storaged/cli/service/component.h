/*
 * The two services of banter, for `banter status` and `banter setup`: their state, what went wrong,
 * and what to do. Under systemd the units tell; otherwise only what runs can be found.
 */
#ifndef STORAGED_CLI_SERVICE_COMPONENT_H
#define STORAGED_CLI_SERVICE_COMPONENT_H

#include "storaged/cli/service/listening.h"
#include "storaged/cli/service/unit.h"

enum component_state {
	COMPONENT_RUNNING,
	COMPONENT_STARTING,
	COMPONENT_WAITING, /* for `banter setup` */
	COMPONENT_STOPPED,
	COMPONENT_FAILED,
	COMPONENT_SILENT, /* it runs, but does not answer */
};

struct component {
	const char *name; /* of the program */
	enum component_state state;
	pid_t pid;                   /* 0: unknown */
	uint64_t started_at;         /* ms since 1970; 0: unknown */
	bool replaced;               /* it runs a program file that another one has replaced */
	struct unit_version version; /* of that program, if it was replaced; "" if unknown */
	int exit_status;             /* if it failed */
	char error[UNIT_ERROR_MAX];  /* the newest error in the log; "" if none or unknown */
	uint64_t error_at;
	const char *advice; /* what to do; NULL: nothing */
	struct listening at[LISTENING_MAX];
	size_t listening;
};

/* masterd, and whether its ports answer. Without systemd, pid is the parent of a worker (0: unknown), and
 * workers is the number of workers that are connected to the store. */
void component_find_front_end(struct component *c, bool systemd, pid_t pid, size_t workers);

/* storaged, which may not run; its pid is set under systemd only. */
void component_find_store(struct component *c, bool systemd);

/* Notes that a component did not answer, if it runs. */
void component_set_silent(struct component *c);

/* "running", "failed", … */
const char *component_state_name(enum component_state state);

#endif

/*
 * The commands contain no text from outside.
 */
#include "storaged/cli/service/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/clock.h"

#define COMMAND_MAX      256
#define ERROR_AGE_MAX_MS (UINT64_C(24) * 60 * 60 * 1000)

bool
unit_is_used(const char *store_socket)
{
#ifdef BANTER_STORE_SOCKET
	return access("/run/systemd/system", F_OK) == 0 &&
	    strcmp(store_socket, BANTER_STORE_SOCKET) == 0;
#else
	(void)store_socket;
	return false;
#endif
}

/* A line of `systemctl show`: NAME=value. */
static void
unit_use_property(struct unit *u, bool *loaded, const char *line)
{
	const char *value = strchr(line, '=');
	size_t len;

	if (value == NULL)
		return;
	len = (size_t)(value++ - line);
	if (strncmp(line, "LoadState", len) == 0)
		*loaded = strcmp(value, "loaded") == 0;
	else if (strncmp(line, "ActiveState", len) == 0)
		strlcpy(u->active, value, sizeof(u->active));
	else if (strncmp(line, "ExecMainStatus", len) == 0)
		u->exit_status = (int)strtol(value, NULL, 10);
	else if (strncmp(line, "MainPID", len) == 0)
		u->pid = (pid_t)strtol(value, NULL, 10);
}

static void
unit_read_properties(struct unit *u, bool *loaded, const char *name)
{
	char command[COMMAND_MAX], line[256];
	FILE *f;

	(void)snprintf(command, sizeof(command),
	    "systemctl show --property=LoadState,ActiveState,ExecMainStatus,MainPID %s "
	    "2>/dev/null",
	    name);
	f = popen(command, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		unit_use_property(u, loaded, line);
	}
	if (f != NULL)
		(void)pclose(f);
}

/* The line is `seconds.microseconds host program[pid]: text`. */
static void
unit_use_log_line(struct unit *u, const char *line)
{
	const char *text = strstr(line, "]: ");
	uint64_t at = (uint64_t)(strtod(line, NULL) * 1000);

	if (text == NULL ||
	    (at + ERROR_AGE_MAX_MS < clock_wall_ms() && strcmp(u->active, "failed") != 0))
		return;
	u->error_at = at;
	text += strlen("]: ");
	strlcpy(u->error, text + strspn(text, " "), sizeof(u->error));
	u->error[strcspn(u->error, "\n")] = '\0';
}

static void
unit_read_log(struct unit *u, const char *name)
{
	char command[COMMAND_MAX], line[UNIT_ERROR_MAX + 128];
	FILE *f;

	/* Without systemd's own lines, which only say that the process failed. */
	(void)snprintf(command, sizeof(command),
	    "journalctl --quiet --no-pager --priority=err --lines=1 --output=short-unix "
	    "_SYSTEMD_UNIT=%s 2>/dev/null",
	    name);
	f = popen(command, "re");
	if (f == NULL)
		return;
	if (fgets(line, sizeof(line), f) != NULL)
		unit_use_log_line(u, line);
	(void)pclose(f);
}

bool
unit_read(struct unit *u, const char *name)
{
	bool loaded = false;

	*u = (struct unit){0};
	unit_read_properties(u, &loaded, name);
	if (loaded)
		unit_read_log(u, name);
	return loaded;
}

struct unit_version
unit_version(pid_t pid)
{
	static const char before[] = " version=";
	struct unit_version v = {""};
	char command[COMMAND_MAX], line[UNIT_ERROR_MAX];
	FILE *f;

	(void)snprintf(command, sizeof(command),
	    "journalctl --quiet --no-pager --boot --output=cat --grep='^ev=start version=' "
	    "--lines=1 _PID=%d 2>/dev/null",
	    (int)pid);
	f = popen(command, "re");
	if (f == NULL)
		return v;
	if (fgets(line, sizeof(line), f) != NULL && strstr(line, before) != NULL)
		strlcpy(v.text, strstr(line, before) + strlen(before), sizeof(v.text));
	v.text[strcspn(v.text, " \n")] = '\0';
	(void)pclose(f);
	return v;
}

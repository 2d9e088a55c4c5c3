/*
 * Under systemd a stopped front end is not probed: a connection would start it.
 */
#include "storaged/cli/service/component.h"

#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/daemons.h"
#include "storaged/cli/base/processes.h"
#include "storaged/cli/files/config_dir.h"

static const char advice_key[] = "run banter setup, which asks for the key of the model server";
static const char advice_start[] = "run systemctl start banter.target";
static const char advice_settings[] =
    "correct the setting (banter setup --check shows all), then run systemctl restart "
    "banter.target";
static const char advice_failed[] =
    "correct the cause (journalctl -u 'banter*'), then run systemctl restart banter.target";
static const char advice_silent[] =
    "see journalctl -u 'banter*', then run systemctl restart banter.target";
static const char advice_replaced[] =
    "the installation of another version left masterd running, with new workers; run "
    "systemctl restart banter at a quiet time";
static const char advice_not_running[] = "start masterd";
static const char advice_see_log[] = "see the log of masterd";

const char *
component_state_name(enum component_state state)
{
	static const char *const names[] = {
	    [COMPONENT_RUNNING] = "running",
	    [COMPONENT_STARTING] = "starting",
	    [COMPONENT_WAITING] = "waiting",
	    [COMPONENT_STOPPED] = "stopped",
	    [COMPONENT_FAILED] = "failed",
	    [COMPONENT_SILENT] = "does not answer",
	};

	return names[state];
}

static enum component_state
component_state_of(const struct unit *u)
{
	static const struct {
		const char *active;
		enum component_state state;
	} states[] = {
	    {"active", COMPONENT_RUNNING},
	    {"reloading", COMPONENT_RUNNING},
	    {"activating", COMPONENT_STARTING},
	    {"failed", COMPONENT_FAILED},
	};

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(u->active, states[i].active) == 0)
			return states[i].state;
	return COMPONENT_STOPPED;
}

static const char *
component_advise(const struct component *c)
{
	switch (c->state) {
	case COMPONENT_RUNNING:
		return NULL;
	case COMPONENT_WAITING:
		return advice_key;
	case COMPONENT_STOPPED:
		return advice_start;
	case COMPONENT_SILENT:
		return advice_silent;
	case COMPONENT_STARTING:
	case COMPONENT_FAILED:
		break;
	}
	return c->exit_status == EX_CONFIG ? advice_settings : advice_failed;
}

/* Takes over what systemd knows. */
static void
component_use_unit(struct component *c, const char *name)
{
	struct unit u;

	c->state = COMPONENT_STOPPED;
	if (unit_read(&u, name)) {
		c->state = component_state_of(&u);
		c->pid = u.pid;
		c->exit_status = u.exit_status;
		c->error_at = u.error_at;
		strlcpy(c->error, u.error, sizeof(c->error));
	}
	c->started_at = process_started_at(c->pid);
	c->advice = component_advise(c);
}

static bool
component_lacks_key(void)
{
	struct stat st;

	return stat(BANTER_CONFIG_DIR "/credentials/OPENAI_API_KEY", &st) == 0 &&
	    st.st_size == 0;
}

/* It is up if each port answers, except at addresses that this machine does not have. If no port can
 * be seen, its workers must do. */
static void
component_probe(struct component *c)
{
	size_t n = listening_find(c->pid, c->at);

	for (size_t i = 0; i < n; i++) {
		struct listening l = c->at[i];

		listening_probe(&l);
		if (l.absent)
			continue;
		c->at[c->listening++] = l;
		if (!l.answers)
			c->state = COMPONENT_SILENT;
	}
	if (n > 0 && c->listening == 0)
		c->state = COMPONENT_SILENT;
}

static bool
component_is_replaced(const struct component *c)
{
	char path[PATH_MAX];

	return daemons_find_path(c->name, path) == 0 &&
	    process_compare_file(c->pid, path) == PROCESS_FILE_OTHER;
}

void
component_find_front_end(struct component *c, bool systemd, pid_t pid, size_t workers)
{
	*c = (struct component){.name = "masterd", .pid = pid};
	if (systemd) {
		component_use_unit(c, "banter.service");
		if (c->state == COMPONENT_STOPPED && component_lacks_key())
			c->state = COMPONENT_WAITING;
	} else {
		c->state = pid != 0 || workers > 0 ? COMPONENT_RUNNING : COMPONENT_STOPPED;
		c->started_at = process_started_at(pid);
	}
	if (c->state == COMPONENT_RUNNING && c->pid != 0) {
		component_probe(c);
		c->replaced = component_is_replaced(c);
	}
	if (systemd && c->replaced)
		c->version = unit_version(c->pid);
	c->advice = component_advise(c);
	if (!systemd && c->advice != NULL)
		c->advice = c->pid == 0 ? advice_not_running : advice_see_log;
	else if (c->advice == NULL && c->replaced)
		c->advice = advice_replaced;
}

void
component_find_store(struct component *c, bool systemd)
{
	*c = (struct component){.name = "storaged", .state = COMPONENT_STOPPED};
	if (systemd)
		component_use_unit(c, "banter-storaged.service");
}

void
component_set_silent(struct component *c)
{
	if (c->state != COMPONENT_RUNNING)
		return;
	c->state = COMPONENT_SILENT;
	c->advice = component_advise(c);
}

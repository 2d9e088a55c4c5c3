/*
 * storaged: the only process that opens the store. Started by the service manager or by
 * `make run`, from the environment alone; serves workers and the banter command on a Unix socket
 * until it is told to stop.
 *
 * Exit status: 0 after SIGTERM or SIGINT, else as in sysexits(3): 64 usage, 65 no store of ours,
 * 74 the disk, 75 another storaged serves the directory, 77 permissions, 78 settings.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/process/privileges.h"
#include "proto/settings/settings.h"
#include "storaged/changes/changes.h"
#include "storaged/open/env_open.h"
#include "storaged/records/organization_create.h"
#include "storaged/server/access.h"
#include "storaged/server/listen.h"
#include "storaged/server/server.h"

static void
storaged_print_help(void)
{
	printf("usage: storaged [--check | --help | --version]\n"
	       "Keeps banter's conversations, and serves its workers on a Unix socket.\n"
	       "  --check    look at the settings only: exit 0, or 78 if there is a problem\n\n"
	       "Settings, from the environment:\n");
	settings_print_help(stdout, OWNER_STORE);
}

/* With the lock held and the environment open. */
static int
storaged_serve(const struct settings *settings, struct env *env)
{
	struct access access;
	bool inherited;
	int listener, status;

	status = access_init(&access, settings->store_group, settings->search_user);
	if (status != 0)
		return status;
	status = listen_socket(settings->store_socket, &listener, &inherited);
	if (status != 0)
		return status;
	if (!inherited)
		status = access_share(&access, settings->store_socket);
	if (status == 0)
		status = server_run(env, listener, &access, settings->syscall_filter);
	closefd(&listener);
	if (!inherited)
		unlink(settings->store_socket);
	return status;
}

static int
storaged_run(const struct settings *settings)
{
	struct env env = {0};
	int lock, status;

	status = privileges_become(settings->run_as_user);
	if (status != 0)
		return status;
	status = listen_lock(settings->data_dir, &lock);
	if (status != 0)
		return status;
	status = env_open(
	    &env, settings->data_dir, settings->store_max_bytes, organization_make_default);
	if (status == 0) {
		changes_start(&env);
		env_watch_readers(&env, settings->data_dir, settings->store_snapshot_max_bytes);
		env.operator_timeout_ms = settings->operator_timeout_ms;
		env.retention_days = (uint32_t)settings->retention_days;
		env.scrub.interval_ms = settings->store_scrub_hours * CLOCK_HOUR_MS;
		status = storaged_serve(settings, &env);
	}
	env_close(&env);
	closefd(&lock);
	return status;
}

int
main(int argc, char **argv)
{
	struct settings settings;
	bool check = false;
	int status = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			storaged_print_help();
			return 0;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("storaged %s\n", BANTER_VERSION);
			return 0;
		}
		if (strcmp(argv[i], "--check") != 0) {
			fprintf(stderr, "storaged: unknown argument %s; see --help\n", argv[i]);
			return EX_USAGE;
		}
		check = true;
	}
	privileges_renounce();
	settings_load_or_exit(&settings, OWNER_STORE);
	memory_return_large();
	if (!check) {
		if (!settings.core_dumps)
			privileges_hide_memory();
		log_open("storaged", settings.log_level);
		signal(SIGPIPE, SIG_IGN);
		fd_raise_limit();
		status = storaged_run(&settings);
	}
	settings_clear(&settings);
	return status;
}

/*
 * storaged: the only process that opens the store. Started by the service manager or by
 * `make run`, from the environment alone; serves workers and the banter command on a Unix socket
 * until it is told to stop.
 *
 * Exit status: 0 after SIGTERM or SIGINT, else as in sysexits(3): 64 usage, 65 no store of ours,
 * 74 the disk, 75 another storaged serves the directory, 77 permissions, 78 settings.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/process/privileges.h"
#include "proto/process/program.h"
#include "storaged/changes/changes.h"
#include "storaged/open/env_open.h"
#include "storaged/records/organization_create.h"
#include "storaged/server/listen.h"
#include "storaged/server/serve.h"
#include "storaged/server/server.h"

/* With the lock held. arg: the open environment. */
static int
storaged_serve(
    const struct settings *settings, const struct access *access, int listener, void *arg)
{
	return server_run(arg, listener, access, settings->syscall_filter);
}

static int
storaged_listen(const struct settings *settings, struct env *env)
{
	struct access access;
	int status = access_init(
	    &access, settings->store_group, settings->search_user, settings->crawl_user);

	return status != 0
	    ? status
	    : serve_listen(settings, &access, settings->store_socket, storaged_serve, env);
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
		status = storaged_listen(settings, &env);
	}
	env_close(&env);
	closefd(&lock);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct program program = {
	    .name = "storaged",
	    .purpose = "Keeps banter's conversations, and serves its workers on a Unix socket.",
	    .owner = OWNER_STORE,
	    .run = storaged_run,
	};

	return program_main(&program, argc, argv);
}

/*
 * storaged: the only process that opens the store. Started by the service manager or by
 * `make run`, from the environment alone; serves workers and the banter command on a Unix socket
 * until it is told to stop.
 *
 * Exit status: 0 after SIGTERM or SIGINT, else as in sysexits(3): 64 usage, 65 no store of ours,
 * 74 the disk, 75 another storaged serves the directory, 77 permissions, 78 settings.
 */
#include <sysexits.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/process/call_filter.h"
#include "proto/process/privileges.h"
#include "proto/process/program.h"
#include "storaged/open/env_open.h"
#include "storaged/records/organization_create.h"
#include "storaged/replication/log_setting.h"
#include "storaged/server/backups.h"
#include "storaged/server/listen.h"
#include "storaged/server/serve.h"
#include "storaged/server/server.h"
#include "storaged/server/standby_server.h"

static int
storaged_position_failed(int rc)
{
	log_event(LOG_ERROR, "log_position_unusable", L_STR("error", env_strerror(rc)),
	    L_STR("help", env_error_help(rc)));
	return EX_IOERR;
}

/* Alternates between standby and owner. */
static int
storaged_replicate(struct replica *r, struct service *service)
{
	struct standby standby;
	struct owner owner;
	bool starts = true;
	int status, rc = position_load(r->env, &r->at);

	if (rc == 0)
		rc = env_keep_reserve(r->env);
	if (rc == 0)
		rc = env_defer_meta_sync(r->env, true);
	if (rc != 0)
		return storaged_position_failed(rc);
	do {
		standby_start(&standby, r, starts);
		starts = false;
		status = standby_server_run(&standby, service);
		if (status != STANDBY_SERVER_OWNS)
			break;
		owner_start(&owner, r, standby.epoch, standby.renewed_at);
		status = server_run(r->env, service, &owner);
		owner_stop(&owner);
	} while (status == SERVER_LOST);
	return env_defer_meta_sync(r->env, false) != 0 && status == 0 ? EX_IOERR : status;
}

/* This machine's name among those that share the log. False: there is none. */
static bool
storaged_name(const struct settings *settings, char name[REPLICA_NAME_MAX + 1])
{
	if (settings->store_name != NULL)
		return strlcpy(name, settings->store_name, REPLICA_NAME_MAX + 1) <=
		    REPLICA_NAME_MAX;
	return gethostname(name, REPLICA_NAME_MAX + 1) == 0 && name[0] != '\0';
}

static int
storaged_serve_logged(const struct settings *settings, struct env *env, struct service *service)
{
	const char *fault = log_setting_fault(settings->store_log);
	char name[REPLICA_NAME_MAX + 1];
	struct replica replica;
	int status;

	if (fault != NULL) {
		log_event(LOG_ERROR, "store_log_invalid", L_STR("error", fault),
		    L_STR("help",
			"set STORE_LOG as in host=/run/banter-cluster user=banter "
			"dbname=banter "
			"password=..."));
		return EX_CONFIG;
	}
	log_setting_clear_environment();
	if (!storaged_name(settings, name)) {
		log_event(LOG_ERROR, "store_name_unknown",
		    L_STR("help", "set STORE_NAME, another one on each machine"));
		return EX_CONFIG;
	}
	replica_init(&replica, env, settings->store_log, name);
	replica.keep_days = settings->log_keep;
	replica.max_bytes = settings->log_max_bytes;
	if (settings->syscall_filter)
		call_filter_start(CALLS_STORE_LOG);
	status = storaged_replicate(&replica, service);
	replica_clear(&replica);
	return status;
}

static int
storaged_serve_alone(const struct settings *settings, struct env *env, struct service *service)
{
	int rc;

	if (settings->syscall_filter)
		call_filter_start(CALLS_STORE);
	rc = position_remove(env);
	return rc != 0 ? storaged_position_failed(rc) : server_run(env, service, NULL);
}

/* With the lock held. arg: the open environment. */
static int
storaged_serve(
    const struct settings *settings, const struct access *access, int listener, void *arg)
{
	struct service service;
	int status;

	service_start(&service, listener, access);
	status = settings->store_log != NULL ? storaged_serve_logged(settings, arg, &service)
					     : storaged_serve_alone(settings, arg, &service);
	service_end(&service);
	return status;
}

static int
storaged_listen(const struct settings *settings, struct env *env)
{
	struct access access;
	int status = access_init(&access,
	    &(struct access_config){
		.socket = ACCESS_STORE,
		.group = settings->store_group,
		.front = settings->front_user,
		.search_user = settings->search_user,
		.crawl_user = settings->crawl_user,
		.mail_user = settings->mail_user,
		.media_user = settings->media_user,
	    });

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
		backups_find_machine(&env);
		env_watch_readers(&env, settings->data_dir, settings->store_snapshot_max_bytes);
		env.operator_timeout_ms = settings->operator_timeout_ms;
		env.confirm_expires_ms = settings->confirm_expires_ms;
		env.approve_expires_ms = settings->approve_expires_ms;
		env.mail_retry_ms = settings->mail_retry_ms;
		/* Nobody reads the files that mails become without a server. */
		if (settings->mail_url != NULL || settings->app_env != APP_ENV_PRODUCTION)
			env.mail_unseen_ms = settings->mail_unseen_ms;
		env.away_after_ms = settings->away_after_ms;
		env.retention_days = (uint32_t)settings->retention_days;
		env.files_max_bytes = settings->files_max_bytes;
		env.files_org_max_bytes = settings->files_org_max_bytes;
		env.files_retention_days = (uint32_t)settings->files_retention_days;
		env.check_pictures = settings->check_pictures;
		env.budget_share = (uint32_t)settings->budget_share;
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

/*
 * searchd: full-text search. Started by the service manager or by `make run`, from the environment alone. It
 * reads the store through storaged, keeps an index in SEARCH_DIR, and answers searches of workers on a Unix
 * socket until it is told to stop.
 *
 * Exit status: 0 after SIGTERM or SIGINT, else as in sysexits(3): 64 usage, 74 the disk, 77 permissions, 78
 * settings.
 */
#include <sysexits.h>

#include "proto/base/log.h"
#include "proto/process/daemon_folder.h"
#include "proto/process/privileges.h"
#include "proto/process/program.h"
#include "storaged/search/service.h"
#include "storaged/server/serve.h"

/* 0, or EX_IOERR with the reason logged. */
static int
searchd_make_directory(const char *dir)
{
	if (daemon_folder_make(dir) == 0)
		return 0;
	log_event(LOG_ERROR, "search_dir_unusable", L_STR("dir", dir), L_ERRNO(),
	    L_STR(
		"help", "searchd's user needs write access; SEARCH_DIR selects another place"));
	return EX_IOERR;
}

static int
searchd_serve(
    const struct settings *settings, const struct access *access, int listener, void *arg)
{
	(void)arg;
	service_run(settings, access, listener);
	return 0;
}

static int
searchd_run(const struct settings *settings)
{
	struct access access;
	int status = privileges_become(settings->run_as_user);

	if (status == 0)
		status = access_init(&access,
		    &(struct access_config){
			.socket = ACCESS_SEARCH,
			.group = settings->store_group,
			.front = settings->front_user,
		    });
	if (status == 0)
		status = searchd_make_directory(settings->search_dir);
	return status != 0
	    ? status
	    : serve_listen(settings, &access, settings->search_socket, searchd_serve, NULL);
}

int
main(int argc, char **argv)
{
	static const struct program program = {
	    .name = "searchd",
	    .purpose =
		"Keeps the full-text index of banter's conversations, and answers searches.",
	    .owner = OWNER_SEARCH,
	    .run = searchd_run,
	};

	return program_main(&program, argc, argv);
}

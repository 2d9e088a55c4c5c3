/*
 * searchd: full-text search. Started by the service manager or by `make run`, from the environment alone. It
 * reads the store through storaged, keeps an index in SEARCH_DIR, and answers searches of workers on a Unix
 * socket until it is told to stop.
 *
 * Exit status: 0 after SIGTERM or SIGINT, else as in sysexits(3): 64 usage, 74 the disk, 77 permissions, 78
 * settings.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/process/privileges.h"
#include "proto/settings/settings.h"
#include "storaged/search/service.h"
#include "storaged/server/listen.h"

/* storaged creates DATA_DIR, in which the index and the socket are by default. */
#define WAIT_STEP_US 50000
#define WAIT_STEPS   600

static void
searchd_print_help(void)
{
	printf("usage: searchd [--check | --help | --version]\n"
	       "Keeps the full-text index of banter's conversations, and answers searches.\n"
	       "  --check    look at the settings only: exit 0, or 78 if there is a problem\n\n"
	       "Settings, from the environment:\n");
	settings_print_help(stdout, OWNER_SEARCH);
}

/* 0, or EX_IOERR with the reason logged. */
static int
searchd_make_directory(const char *dir)
{
	for (int i = 0; i < WAIT_STEPS; i++) {
		if (mkdir(dir, 0700) == 0 || errno == EEXIST)
			return 0;
		if (errno != ENOENT)
			break;
		usleep(WAIT_STEP_US);
	}
	log_event(LOG_ERROR, "search_dir_unusable", L_STR("dir", dir), L_ERRNO(),
	    L_STR(
		"help", "searchd's user needs write access; SEARCH_DIR selects another place"));
	return EX_IOERR;
}

static int
searchd_run(const struct settings *settings)
{
	struct access access;
	bool inherited;
	int listener, status;

	status = privileges_become(settings->run_as_user);
	if (status == 0)
		status = access_init(&access, settings->store_group, NULL);
	if (status == 0)
		status = searchd_make_directory(settings->search_dir);
	if (status == 0)
		status = listen_socket(settings->search_socket, &listener, &inherited);
	if (status != 0)
		return status;
	if (!inherited)
		status = access_share(&access, settings->search_socket);
	if (status == 0)
		service_run(settings, &access, listener);
	closefd(&listener);
	if (!inherited)
		unlink(settings->search_socket);
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
			searchd_print_help();
			return 0;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("searchd %s\n", BANTER_VERSION);
			return 0;
		}
		if (strcmp(argv[i], "--check") != 0) {
			fprintf(stderr, "searchd: unknown argument %s; see --help\n", argv[i]);
			return EX_USAGE;
		}
		check = true;
	}
	privileges_renounce();
	settings_load_or_exit(&settings, OWNER_SEARCH);
	memory_return_large();
	if (!check) {
		if (!settings.core_dumps)
			privileges_hide_memory();
		log_open("searchd", settings.log_level);
		signal(SIGPIPE, SIG_IGN);
		fd_raise_limit();
		status = searchd_run(&settings);
	}
	settings_clear(&settings);
	return status;
}

/*
 * mediad: makes pictures of strangers safe. Started by the service manager or by `make run`, from the environment alone. It asks
 * storaged for pictures that wait to be checked, has each converted by a process of its own (media-extract), and stores what comes
 * of it through storaged until it is told to stop. It has no data of its own.
 *
 * Exit status: 0 after SIGTERM or SIGINT, else as in sysexits(3): 64 usage, 71 no child process, 77 permissions, 78 settings.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/process/privileges.h"
#include "proto/process/program.h"
#include "workerd/mediad/conversions.h"
#include "workerd/mediad/media_service.h"

#define PATH_SIZE 4096

/* The path of a program beside this one. 0, or -1. */
static int
mediad_find_program(const char *name, char out[PATH_SIZE])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_SIZE - 1);
	char *slash;

	if (n <= 0)
		return -1;
	out[n] = '\0';
	slash = strrchr(out, '/');
	n = slash - out + 1;
	return snprintf(out + n, (size_t)(PATH_SIZE - n), "%s", name) < PATH_SIZE - n ? 0 : -1;
}

static int
mediad_run(const struct settings *settings)
{
	char program[PATH_SIZE];
	int spawner, status = privileges_become(settings->run_as_user);

	if (status != 0)
		return status;
	if (mediad_find_program("media-extract", program) != 0 ||
	    (spawner = conversions_spawner_start(program)) == -1) {
		log_event(LOG_ERROR, "media_failed", L_ERRNO());
		return EX_OSERR;
	}
	media_service_run(settings, spawner);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct program program = {
	    .name = "mediad",
	    .purpose = "Makes banter's pictures safe: new ones, with nothing of the file but "
		       "its pixels.",
	    .owner = OWNER_MEDIA,
	    .run = mediad_run,
	};

	return program_main(&program, argc, argv);
}

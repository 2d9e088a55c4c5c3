/*
 * crawld: reads the owner's content. Started by the service manager or by `make run`, from the environment alone. It
 * learns from storaged which sources there are, fetches their pages, has them taken apart (crawl-extract), and stores
 * their text through storaged until it is told to stop. It has no data of its own.
 *
 * Exit status: 0 after SIGTERM or SIGINT, else as in sysexits(3): 64 usage, 71 no child process, 77 permissions, 78
 * settings.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/process/file_limit.h"
#include "proto/process/privileges.h"
#include "proto/process/program.h"
#include "workerd/crawl/extraction.h"
#include "workerd/crawl/service.h"

#define PATH_SIZE 4096

/* The path of a program beside this one. 0, or -1. */
static int
crawl_find_program(const char *name, char out[PATH_SIZE])
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
crawl_run(const struct settings *settings)
{
	char program[PATH_SIZE];
	int spawner, status = privileges_become(settings->run_as_user);

	if (status != 0)
		return status;
	if (!file_limit_exists())
		log_event(LOG_WARN, "files_not_restricted",
		    L_STR("help",
			"the kernel has no Landlock, or a sandbox forbids it: a PDF that takes "
			"over "
			"pdftotext could read the files that crawld's user can read"));
	if (crawl_find_program("crawl-extract", program) != 0 ||
	    (spawner = extraction_spawner_start(program)) == -1) {
		log_event(LOG_ERROR, "extraction_failed", L_ERRNO());
		return EX_OSERR;
	}
	crawl_service_run(settings, spawner);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct program program = {
	    .name = "crawld",
	    .purpose =
		"Reads the owner's content for banter's replies: sites, pages and files.",
	    .owner = OWNER_CRAWL,
	    .run = crawl_run,
	};

	return program_main(&program, argc, argv);
}

/*
 * maild: sends the mails that the store has. Started by the service manager or by `make run`, from the environment alone. It
 * asks storaged for mails that are due, hands them to the mail server (MAIL_URL) or, without one, stores them as files, until
 * it is told to stop. It has no data of its own.
 *
 * Exit status: 0 after SIGTERM or SIGINT, else as in sysexits(3): 64 usage, 73 MAIL_DIR cannot be created, 77 permissions,
 * 78 settings.
 */
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/process/privileges.h"
#include "proto/process/program.h"
#include "workerd/maild/mail_folder.h"
#include "workerd/maild/mail_service.h"

static int
maild_run(const struct settings *settings)
{
	int folder = -1, status = privileges_become(settings->run_as_user);

	if (status != 0)
		return status;
	if (settings->mail_url == NULL) {
		folder = mail_folder_open(settings->mail_dir);
		if (folder == -1) {
			log_event(LOG_ERROR, "mail_folder_failed",
			    L_STR("path", settings->mail_dir), L_ERRNO(),
			    L_STR("help",
				"set MAIL_URL, or MAIL_DIR to a directory that can be made"));
			return EX_CANTCREAT;
		}
		log_event(LOG_NOTICE, "mails_become_files", L_STR("path", settings->mail_dir),
		    L_STR("help", "MAIL_URL is not set"));
	}
	mail_service_run(settings, folder);
	closefd(&folder);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct program program = {
	    .name = "maild",
	    .purpose = "Sends banter's mails: invitations, and what people ask for by mail.",
	    .owner = OWNER_MAIL,
	    .run = maild_run,
	};

	return program_main(&program, argc, argv);
}

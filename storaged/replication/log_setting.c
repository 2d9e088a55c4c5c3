#include "storaged/replication/log_setting.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/replication/log_conn.h"

/* The value of an option; NULL: it is not set, or empty. */
static const char *
log_setting_option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val == NULL || options->val[0] == '\0' ? NULL
									       : options->val;
	return NULL;
}

/* Whether each host of a list is the directory of a Unix socket, or an abstract one. libpq takes an empty one for its default. */
static bool
log_setting_is_local(const char *hosts)
{
	for (const char *host = hosts; host != NULL; host = strchr(host, ',')) {
		host += host > hosts;
		if (strchr("/@,", *host) == NULL)
			return false;
	}
	return true;
}

static const char *
log_setting_fault_of(const PQconninfoOption *options)
{
	static const char *const files[] = {"service", "passfile"};
	const char *host = log_setting_option(options, "host");

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (log_setting_option(options, files[i]) != NULL)
			return "service= and passfile= name files, which storaged does not "
			       "read";
	if (log_setting_option(options, "hostaddr") != NULL ||
	    (host != NULL && !log_setting_is_local(host)))
		return "host= must be the directory of a Unix socket";
	return log_setting_option(options, "user") == NULL ? "user= is missing" : NULL;
}

const char *
log_setting_fault(const char *info)
{
	PQconninfoOption *options = PQconninfoParse(info, NULL);
	const char *fault =
	    options == NULL ? "it is not a connection string" : log_setting_fault_of(options);

	PQconninfoFree(options);
	return fault;
}

void
log_setting_clear_environment(void)
{
	char **variable = environ;

	while (variable != NULL && *variable != NULL) {
		char name[64];
		size_t len = strcspn(*variable, "=");

		if (strncmp(*variable, "PG", 2) != 0 || len >= sizeof(name)) {
			variable++;
			continue;
		}
		memcpy(mempcpy(name, *variable, len), "", 1);
		/* The next ones move to its place. */
		must(unsetenv(name) == 0);
	}
}

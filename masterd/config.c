/*
 * Settings and certificate are read together, so that all problems show at once.
 */
#include "masterd/config.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/settings/settings_file.h"

#define OWNERS (OWNER_MASTER | OWNER_WORKER)

/* Fills *c. Returns the number of problems; *problems has a line of text for each, and the caller
 * frees it. */
static size_t
config_read(struct config *c, char **problems)
{
	size_t len, n;
	FILE *p = open_memstream(problems, &len);
	FILE *w = open_memstream(&c->warnings, &len);

	must(p != NULL && w != NULL);
	n = settings_load(&c->settings, OWNERS, p, w);
	if (c->settings.settings_file != NULL)
		settings_check_file(c->settings.settings_file, w);
	n += certificate_read(&c->certificate, &c->settings, p, w);
	fclose(p);
	fclose(w);
	return n;
}

void
config_read_or_exit(struct config *c)
{
	char *problems;
	size_t n = config_read(c, &problems);

	if (n > 0)
		settings_report(n, problems, c->warnings);
	free(problems);
}

void
config_print_warnings(const struct config *c)
{
	settings_report(0, "", c->warnings);
}

/* Logs each line by itself, without its indent. */
static void
config_log_lines(enum log_level level, const char *ev, const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			log_event(level, ev, L_STR("text", line + strspn(line, " ")));
	free(copy);
}

void
config_log_warnings(const struct config *c)
{
	config_log_lines(LOG_WARN, "settings_warning", c->warnings);
}

int
config_read_again(struct config *c)
{
	char *problems;
	int result = config_read(c, &problems) == 0 ? 0 : -1;

	config_log_warnings(c);
	config_log_lines(LOG_ERROR, "settings_problem", problems);
	free(problems);
	if (result == -1)
		config_clear(c);
	return result;
}

void
config_clear(struct config *c)
{
	settings_clear(&c->settings);
	certificate_clear(&c->certificate);
	free(c->warnings);
	c->warnings = NULL;
}

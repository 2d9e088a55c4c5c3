/*
 * What settings_read() reports: printed, or the rule of one setting, for programs that ask a person for values.
 */
#include "proto/settings/settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/settings/setting_kinds.h"

struct settings_output {
	FILE *problems, *warnings;
};

static void
settings_print_one(void *arg, enum settings_severity severity, const struct setting *d,
    const char *value, const char *rule)
{
	const struct settings_output *to = arg;
	FILE *out = severity == SETTINGS_PROBLEM ? to->problems : to->warnings;

	if (value == NULL)
		fprintf(out, "  %s is not set: %s\n", d->name, rule);
	else if (d->secret)
		fprintf(out, "  %s=(%zu characters, not shown): %s\n", d->name, strlen(value),
		    rule);
	else
		fprintf(out, "  %s=%s: %s\n", d->name, value, rule);
}

static void
settings_warn_foreign(FILE *warnings)
{
	extern char **environ;

	for (char **e = environ; e != NULL && *e != NULL; e++)
		if (settings_is_foreign(*e))
			fprintf(warnings, "  %.*s: not used by banter\n", (int)strcspn(*e, "="),
			    *e);
}

size_t
settings_load(struct settings *s, unsigned owners, FILE *problems, FILE *warnings)
{
	struct settings_output to = {problems, warnings};
	size_t n = settings_read(s, owners, settings_print_one, &to);

	if (owners & OWNER_WORKER)
		settings_warn_foreign(warnings);
	return n;
}

/* One setting, and the first rule that it breaks. */
struct settings_question {
	const char *name;
	char *rule;
};

static void
settings_keep_rule(void *arg, enum settings_severity severity, const struct setting *d,
    const char *value, const char *rule)
{
	struct settings_question *q = arg;

	(void)value;
	if (severity == SETTINGS_PROBLEM && q->rule == NULL && strcmp(d->name, q->name) == 0)
		q->rule = xstrdup(rule);
}

char *
settings_problem(const char *name, unsigned owners)
{
	struct settings_question q = {.name = name};
	struct settings s;
	size_t n = settings_read(&s, owners, settings_keep_rule, &q);

	must(n > 0 || q.rule == NULL);
	settings_clear(&s);
	return q.rule;
}

/* Whether standard error is the journal (systemd.exec(5), JOURNAL_STREAM). */
static bool
settings_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	    fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* Prints lines; the journal needs the level of each (sd-daemon(3)). */
static void
settings_print_lines(enum log_level level, const char *lines)
{
	bool journal = settings_is_journal();

	for (size_t len; *lines != '\0'; lines += len) {
		len = strcspn(lines, "\n") + 1;
		if (journal)
			fprintf(stderr, "<%d>", (int)level);
		fprintf(stderr, "%.*s", (int)len, lines);
	}
}

void
settings_report(size_t n, const char *problems, const char *warnings)
{
	char heading[64];

	if (*warnings != '\0') {
		settings_print_lines(LOG_WARN, "Warnings about the settings:\n");
		settings_print_lines(LOG_WARN, warnings);
	}
	if (n == 0)
		return;
	(void)snprintf(
	    heading, sizeof(heading), "%zu problem%s in the settings:\n", n, n == 1 ? "" : "s");
	settings_print_lines(LOG_ERROR, heading);
	settings_print_lines(LOG_ERROR, problems);
	exit(EX_CONFIG);
}

void
settings_load_or_exit(struct settings *s, unsigned owners)
{
	char *problems, *warnings;
	size_t len, n;
	FILE *p = open_memstream(&problems, &len);
	FILE *w = open_memstream(&warnings, &len);

	must(p != NULL && w != NULL);
	n = settings_load(s, owners, p, w);
	fclose(p);
	fclose(w);
	settings_report(n, problems, owners == OWNER_WORKER ? "" : warnings);
	free(problems);
	free(warnings);
}

/*
 * One setting of settings_load(): for programs that ask a person for values.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/settings/settings.h"

/* The rule of a line that settings_load() wrote, "  NAME=value: rule" or "  NAME is not set: rule"; NULL
 * if the line is about another setting. */
static const char *
settings_problem_rule(const char *line, const char *name)
{
	const char *value = getenv(name), *at = line + 2;
	size_t len = strlen(name);

	if (strncmp(line, "  ", 2) != 0 || strncmp(at, name, len) != 0)
		return NULL;
	at += len;
	if (*at != '=' && *at != ' ')
		return NULL;
	/* The value may contain ": " too. */
	if (*at == '=' && value != NULL && strncmp(at + 1, value, strlen(value)) == 0)
		at += 1 + strlen(value);
	at = strstr(at, ": ");
	return at == NULL ? NULL : at + 2;
}

static char *
settings_problem_find(char *lines, const char *name)
{
	const char *rule;
	char *line;

	while ((line = strsep(&lines, "\n")) != NULL) {
		rule = settings_problem_rule(line, name);
		if (rule != NULL)
			return xstrdup(rule);
	}
	return NULL;
}

char *
settings_problem(const char *name, unsigned owners)
{
	char *problems, *warnings, *found;
	struct settings s;
	size_t len, n;
	FILE *p = open_memstream(&problems, &len);
	FILE *w = open_memstream(&warnings, &len);

	must(p != NULL && w != NULL);
	n = settings_load(&s, owners, p, w);
	fclose(p);
	fclose(w);
	found = n == 0 ? NULL : settings_problem_find(problems, name);
	settings_clear(&s);
	free(problems);
	free(warnings);
	return found;
}

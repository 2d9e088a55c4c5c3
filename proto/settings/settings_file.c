/*
 * The format is that of systemd's EnvironmentFile= (systemd.exec(5)): NAME=value, quotes and
 * backslashes continue a value on the next line. `make run` also accepts `export NAME=value`.
 */
#include "proto/settings/settings_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/settings/setting_kinds.h"
#include "proto/settings/settings.h"

#define NAME_MAX_LEN 64
#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

/* Variables for libraries, in upper or lower case. */
static const char *const other_names[] = {
    "ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "CREDENTIALS_DIRECTORY", "TZ"};

/* The number of letters to insert, delete or replace to turn a into b, names of at most
 * NAME_MAX_LEN letters (Levenshtein distance). */
static size_t
settings_distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_LEN + 1], len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; *a != '\0'; a++, i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t best = diagonal + (*a != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[len];
}

/* The known name that is nearest; NULL if none is similar. */
static const char *
settings_nearest(const char *name)
{
	size_t n, least = strlen(name) / 3 + 1;
	const struct setting *d = settings_table(&n);
	const char *nearest = NULL;

	for (; n > 0; n--, d++) {
		size_t distance = settings_distance(name, d->name);

		if (distance < least) {
			least = distance;
			nearest = d->name;
		}
	}
	return nearest;
}

static bool
settings_is_known(const char *name)
{
	size_t n;
	const struct setting *d = settings_table(&n);

	for (size_t i = 0; i < ARRAY_LEN(other_names); i++)
		if (strcasecmp(name, other_names[i]) == 0)
			return true;
	for (; n > 0; n--, d++)
		if (strcmp(name, d->name) == 0 ||
		    (d->alias != NULL && strcmp(name, d->alias) == 0))
			return true;
	return settings_is_foreign(name);
}

/* The value in the line; its name is written to name. NULL if the line sets nothing. */
static const char *
settings_split_line(const char *line, char name[NAME_MAX_LEN + 1])
{
	bool exported = strncmp(line, "export ", 7) == 0;
	const char *start = exported ? line + 7 + strspn(line + 7, " \t") : line;
	size_t len = strspn(start, NAME_LETTERS);
	const char *equals = start + len + strspn(start + len, " \t");

	if (len == 0 || len > NAME_MAX_LEN || isdigit((unsigned char)*start) || *equals != '=')
		return NULL;
	memcpy(name, start, len);
	name[len] = '\0';
	/* systemd ignores such a line, `make run` does not. */
	if (exported && getenv(name) == NULL)
		return NULL;
	return equals + 1 + strspn(equals + 1, " \t");
}

/* Whether the value ends on a later line, by a quote (written to *quote) or a backslash. */
static bool
settings_value_continues(const char *value, char *quote)
{
	size_t len = strlen(value);

	if (*quote == '\0' && (*value == '"' || *value == '\''))
		*quote = *value++;
	if (*quote != '\0') {
		if (strchr(value, *quote) == NULL)
			return true;
		*quote = '\0';
		return false;
	}
	return len > 0 && value[len - 1] == '\\';
}

/* Returns the value in the line, or NULL. */
static const char *
settings_check_line(const char *line, const char *path, unsigned number, FILE *warnings)
{
	char name[NAME_MAX_LEN + 1];
	const char *value, *nearest;

	if (*line == '\0' || *line == '#' || *line == ';')
		return NULL;
	value = settings_split_line(line, name);
	if (value == NULL) {
		fprintf(warnings, "  %s, line %u: ignored, because it is not NAME=value\n",
		    path, number);
		return NULL;
	}
	if (settings_is_known(name))
		return value;
	nearest = settings_nearest(name);
	fprintf(warnings, "  %s, line %u: %s is not a setting of banter%s%s%s\n", path, number,
	    name, nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
	    nearest == NULL ? "" : "?");
	return value;
}

void
settings_check_file(const char *path, FILE *warnings)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, quote = '\0';
	bool continues = false;
	size_t size = 0;

	for (unsigned number = 1; f != NULL && getline(&line, &size, f) != -1; number++) {
		const char *text = line + strspn(line, " \t");

		line[strcspn(line, "\r\n")] = '\0';
		if (!continues)
			text = settings_check_line(text, path, number, warnings);
		continues = text != NULL && settings_value_continues(text, &quote);
	}
	if (line != NULL)
		explicit_bzero(line, size); /* a secret may be in it */
	free(line);
	if (f != NULL)
		fclose(f);
}

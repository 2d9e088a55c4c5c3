/*
 * Lines by getline(3). They may contain secrets, so error messages name only files and line numbers.
 */
#include "storaged/cli/setup/answers_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"

struct lines {
	const char *path;
	FILE *file;
	char *text; /* the line, without its line break */
	size_t size;
	unsigned number;
};

static int
answers_file_open(struct lines *l, const char *path)
{
	*l = (struct lines){.path = path, .file = fopen(path, "re")};
	return l->file != NULL ? 0 : console_fail_path(path, errno);
}

static void
answers_file_close(struct lines *l)
{
	if (l->file != NULL)
		(void)fclose(l->file);
	if (l->text != NULL)
		explicit_bzero(l->text, l->size);
	free(l->text);
}

/* False at the end of the file, or after an error. */
static bool
answers_file_next(struct lines *l)
{
	if (getline(&l->text, &l->size, l->file) == -1)
		return false;
	l->text[strcspn(l->text, "\r\n")] = '\0';
	l->number++;
	return true;
}

static int
answers_file_end(const struct lines *l)
{
	return ferror(l->file) ? console_fail_path(l->path, errno) : 0;
}

static int
answers_file_take_line(const struct lines *l, struct answers *a)
{
	const char *value = strchr(l->text, '=');
	struct slice name = {(const uint8_t *)l->text, strcspn(l->text, "=")};
	enum answer which;

	if (l->text[0] == '\0' || l->text[0] == '#')
		return 0;
	if (value == NULL)
		return console_fail(
		    EX_DATAERR, "%s, line %u: must be NAME=VALUE", l->path, l->number);
	if (!answers_find(name, &which))
		return console_fail(EX_DATAERR,
		    "%s, line %u: %.*s is not an answer; see banter setup --help", l->path,
		    l->number, (int)name.len, l->text);
	return answers_set(a, which, value + 1);
}

int
answers_file_read(struct answers *a, const char *path)
{
	struct lines l;
	int status = answers_file_open(&l, path);

	while (status == 0 && answers_file_next(&l))
		status = answers_file_take_line(&l, a);
	if (status == 0)
		status = answers_file_end(&l);
	answers_file_close(&l);
	return status;
}

int
answers_file_read_secret(struct answers *a, enum answer which, const char *path)
{
	struct lines l;
	int status = answers_file_open(&l, path);

	if (status == 0 && !answers_file_next(&l))
		status = answers_file_end(&l);
	if (status == 0)
		status = answers_set(a, which, l.text == NULL ? "" : l.text);
	answers_file_close(&l);
	return status;
}

/*
 * Every file is written atomically (new_file.h), so a concurrent start reads the old or the new
 * one.
 */
#include "storaged/cli/files/config_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/buf.h"
#include "proto/base/secrets.h"
#include "proto/settings/settings.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/files/new_file.h"
#include "storaged/cli/files/write_all.h"

#define ENV_NAME       "banter.env"
#define SECRETS_NAME   "credentials"
#define ENV_FILE_MAX   (1u << 20)
#define PARTIAL_SUFFIX ".new"

static const char env_head[] =
    "# The settings of banter; all of them are in banter.env(5). What has changed here holds "
    "after\n"
    "# `systemctl restart banter.target`.\n"
    "#\n"
    "# The ports are in banter.socket (systemctl edit banter.socket), and win "
    "over\n"
    "# PORT and LISTEN. Secrets have files of their own, in credentials/ beside this one.\n\n";

int
config_dir_path(char path[PATH_MAX], const char *dir, const char *secret)
{
	int n = secret == NULL
	    ? snprintf(path, PATH_MAX, "%s/" ENV_NAME, dir)
	    : snprintf(path, PATH_MAX, "%s/" SECRETS_NAME "/%s", dir, secret);

	if (n > 0 && n < PATH_MAX)
		return 0;
	return console_fail(
	    EX_CONFIG, "the path is too long: %s; choose another directory", dir);
}

static int
config_dir_mkdir(const char *path, mode_t mode)
{
	mode_t old = umask(0);
	int r = mkdir(path, mode);

	umask(old);
	if (r == 0 || errno == EEXIST)
		return 0;
	return console_fail_path(path, errno);
}

int
config_dir_make(const char *dir)
{
	char path[PATH_MAX];
	int status = config_dir_path(path, dir, "");

	if (status == 0)
		status = config_dir_mkdir(dir, 0755);
	return status == 0 ? config_dir_mkdir(path, 0700) : status;
}

/* Writes a file atomically. how: a set of enum new_file_how. */
static int
config_dir_write_file(const char *path, struct slice text, mode_t mode, unsigned how)
{
	struct new_file f;
	int status = new_file_open(&f, path, PARTIAL_SUFFIX, how), rc;

	if (status == 0) {
		rc = write_all(f.fd, text.p, text.len);
		status = rc == 0 ? 0 : new_file_failed(&f, rc);
	}
	if (status == 0 && fchmod(f.fd, mode) == -1)
		status = new_file_failed(&f, errno);
	if (status == 0)
		status = new_file_keep(&f);
	new_file_close(&f);
	return status;
}

/* Whether a file exists at this path. 0, or the exit status. */
static int
config_dir_exists(const char *path, bool *there)
{
	struct stat st;

	*there = stat(path, &st) == 0;
	if (*there || errno == ENOENT)
		return 0;
	return console_fail_path(path, errno);
}

int
config_dir_make_secret(const char *dir, const char *name, enum config_secret how, bool *made)
{
	char path[PATH_MAX], token[SECRET_TOKEN_TEXT + 1] = "";
	bool there = false;
	int status = config_dir_path(path, dir, name);

	*made = false;
	if (status == 0)
		status = config_dir_exists(path, &there);
	if (status != 0 || there)
		return status;
	if (how == CONFIG_RANDOM)
		secret_token(token);
	status = config_dir_write_file(path, slice_str(token), 0600, 0);
	explicit_bzero(token, sizeof(token));
	*made = status == 0;
	return status;
}

int
config_dir_write_secret(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];
	int status = config_dir_path(path, dir, name);

	return status == 0
	    ? config_dir_write_file(path, slice_str(text), 0600, NEW_FILE_REPLACE)
	    : status;
}

int
config_dir_make_env(const char *dir, bool *made)
{
	char path[PATH_MAX], *text;
	bool there = false;
	size_t len;
	FILE *out;
	int status = config_dir_path(path, dir, NULL);

	*made = false;
	if (status == 0)
		status = config_dir_exists(path, &there);
	if (status != 0 || there)
		return status;
	out = open_memstream(&text, &len);
	must(out != NULL);
	fputs(env_head, out);
	settings_print_env(out);
	must(fclose(out) == 0);
	status =
	    config_dir_write_file(path, (struct slice){(const uint8_t *)text, len}, 0644, 0);
	free(text);
	*made = status == 0;
	return status;
}

/* Reads the file, with a NUL at its end; the caller frees it. NULL after an error message. */
static char *
config_dir_read_env(const char *path, int *status)
{
	char *text = xcalloc(1, ENV_FILE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, text, ENV_FILE_MAX);

	if (n == -1)
		*status = console_fail_path(path, errno);
	else if (n == ENV_FILE_MAX || strlen(text) != (size_t)n)
		*status = console_fail(EX_CONFIG,
		    "%s is not a settings file: it is too long or contains NUL bytes", path);
	else
		*status = 0;
	closefd(&fd);
	if (*status == 0)
		return text;
	free(text);
	return NULL;
}

/* The line that sets a name, with mark before it ("#": a comment); NULL without one. */
static char *
config_dir_find_line(char *text, const char *mark, const char *name)
{
	size_t mark_len = strlen(mark), len = strlen(name);

	for (char *line = text; *line != '\0'; line += strcspn(line, "\n")) {
		line += *line == '\n';
		if (strncmp(line, mark, mark_len) == 0 &&
		    strncmp(line + mark_len, name, len) == 0 && line[mark_len + len] == '=')
			return line;
	}
	return NULL;
}

static char *
config_dir_find_place(char *text, const char *name)
{
	char *line = config_dir_find_line(text, "", name);

	if (line == NULL)
		line = config_dir_find_line(text, "#", name);
	return line == NULL ? text + strlen(text) : line;
}

/* Writes the text with the line at place replaced. */
static int
config_dir_write_line(
    const char *path, char *text, char *place, const char *name, const char *value)
{
	const char *rest = place + strcspn(place, "\n");
	bool broken = place == text || place[-1] == '\n';
	struct buf out;
	int status;

	buf_init(&out, 2 * ENV_FILE_MAX);
	must(buf_printf(&out, "%.*s%s%s=%s%s", (int)(place - text), text, broken ? "" : "\n",
		 name, value, *rest == '\0' ? "\n" : rest) == 0);
	status = config_dir_write_file(path, buf_slice(&out), 0644, NEW_FILE_REPLACE);
	buf_clear(&out);
	return status;
}

bool
config_dir_can_hold(const char *value)
{
	return value[strcspn(value, "\n\r\"'\\#")] == '\0' && strlen(value) <= CONFIG_VALUE_MAX;
}

int
config_dir_set(const char *dir, const char *name, const char *value)
{
	char path[PATH_MAX], *text;
	int status = config_dir_path(path, dir, NULL);

	must(config_dir_can_hold(value));
	if (status != 0)
		return status;
	text = config_dir_read_env(path, &status);
	if (text == NULL)
		return status;
	status =
	    config_dir_write_line(path, text, config_dir_find_place(text, name), name, value);
	free(text);
	return status;
}

/* Sets a variable as the service manager does; quotes around the value are not part of it. */
static void
config_dir_use_line(char *line)
{
	char *value = strchr(line, '=');
	size_t len;

	if (line[0] == '#' || line[0] == ';' || value == NULL || value == line)
		return;
	*value++ = '\0';
	len = strlen(value);
	if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
		value[len - 1] = '\0';
		value++;
	}
	must(setenv(line, value, 1) == 0);
	if (*value != '\0' && (strcmp(line, "PORT") == 0 || strcmp(line, "LISTEN") == 0))
		console_warn("%s in " ENV_NAME
			     " has no effect: the service listens on the ports of "
			     "banter.socket; `systemctl edit banter.socket` changes them",
		    line);
}

int
config_dir_use(const char *dir)
{
	char path[PATH_MAX], *text, *rest, *line;
	int status = config_dir_path(path, dir, NULL);

	if (status != 0)
		return status;
	text = rest = config_dir_read_env(path, &status);
	if (text == NULL)
		return status;
	while ((line = strsep(&rest, "\n")) != NULL)
		config_dir_use_line(line);
	free(text);
	must(setenv("SETTINGS_FILE", path, 1) == 0);
	status = config_dir_path(path, dir, "");
	if (status == 0)
		must(setenv("CREDENTIALS_DIRECTORY", path, 1) == 0);
	return status;
}

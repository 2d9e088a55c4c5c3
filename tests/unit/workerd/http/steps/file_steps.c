/*
 * Steps about static files, in a directory of the scenario:
 *
 *	file NAME TEXT             writes it
 *	remove NAME
 *	load NAME TYPE             the server replies with it to /file, /page (with one more header) and /missing
 *	loaded TEXT                its content
 *	refused DIRECTORY/NAME ERROR      ENOENT, EISDIR or EFBIG; the directory may be left out
 *	truncate NAME N            to its longest length and N bytes
 */
#include "tests/unit/workerd/http/steps/http_world.h"

static const char *
path_of(const char *name)
{
	static char path[512];

	if (world.dir[0] == '\0') {
		snprintf(world.dir, sizeof(world.dir), "/tmp/banter-files-XXXXXX");
		assert_non_null(mkdtemp(world.dir));
	}
	snprintf(path, sizeof(path), "%s/%s", world.dir, name);
	return path;
}

static void
write_file(const char *name, struct slice text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.len, f), text.len);
	assert_int_equal(fclose(f), 0);
}

static void
load(const char *name, const char *type)
{
	static_file_free(world.file);
	world.file = static_file_load(world.dir, name, type);
	assert_non_null(world.file);
}

static void
expect_refused(const char *name, const char *error)
{
	bool root = name[0] == '/';

	assert_null(static_file_load(root ? "/" : world.dir, name + root, "x"));
	assert_string_equal(strerrorname_np(errno), error);
}

void
files_clear(void)
{
	char command[64];

	static_file_free(world.file);
	if (world.dir[0] == '\0')
		return;
	snprintf(command, sizeof(command), "rm -r %s", world.dir);
	assert_int_equal(system(command), 0);
}

bool
file_step(const struct words *step)
{
	const char *verb = step->word[0], *name = step->n > 1 ? step->word[1] : "",
		   *word = step->n > 2 ? step->word[2] : "";

	if (strcmp(verb, "file") == 0)
		write_file(name, values_bytes(world.values, word));
	else if (strcmp(verb, "remove") == 0)
		assert_int_equal(remove(path_of(name)), 0);
	else if (strcmp(verb, "load") == 0)
		load(name, (const char *)values_bytes(world.values, word).p);
	else if (strcmp(verb, "loaded") == 0)
		assert_true(slice_eq(
		    static_file_content(world.file), values_bytes(world.values, name)));
	else if (strcmp(verb, "refused") == 0)
		expect_refused(name, word);
	else if (strcmp(verb, "truncate") == 0)
		assert_int_equal(
		    truncate(path_of(name), (off_t)STATIC_FILE_MAX + strtol(word, NULL, 10)),
		    0);
	else
		return false;
	return true;
}

/*
 * Files that are created atomically.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "storaged/cli/files/new_file.h"
#include "tests/unit/unit.h"

static char dir[64], path[80];

FIXTURE(set_up)
{
	snprintf(dir, sizeof(dir), "/tmp/banter-file-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
}

/* Removes the files, and returns their number. */
static size_t
empty_dir(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.') {
			assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
			n++;
		}
	closedir(d);
	return n;
}

static int
tear_down(void **state)
{
	(void)state;
	empty_dir();
	return rmdir(dir);
}

static void
put(const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	closefd(&fd);
}

static void
expect_content(const char *text)
{
	char content[64] = "";
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd != -1);
	assert_int_equal(read(fd, content, sizeof(content) - 1), strlen(text));
	assert_string_equal(content, text);
	assert_int_equal(fstat(fd, &st), 0);
	closefd(&fd);
}

static void
open_and_write(struct new_file *f, unsigned how)
{
	assert_int_equal(new_file_open(f, path, ".part", how), 0);
	assert_int_equal(write(f->fd, "new", 3), 3);
}

static void
keep_and_close(struct new_file *f, int result)
{
	assert_int_equal(new_file_keep(f), result);
	new_file_close(f);
}

static void
expect_open(const char *file, unsigned how, int result)
{
	struct new_file f;

	assert_int_equal(new_file_open(&f, file, ".part", how), result);
	new_file_close(&f);
}

/* There is one file in the directory, with this content; removes it. */
static void
expect_only(const char *content)
{
	expect_content(content);
	assert_int_equal(empty_dir(), 1);
}

/* With all flags. */
static const unsigned ways[] = {
    0, NEW_FILE_NAMED, NEW_FILE_REPLACE, NEW_FILE_REPLACE | NEW_FILE_NAMED};

FIXTURE_TEST(a_kept_file_leaves_no_other_files)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct new_file f;

		open_and_write(&f, ways[i]);
		assert_int_equal(access(path, F_OK), -1);
		keep_and_close(&f, 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		expect_only("new");
	}
}

FIXTURE_TEST(a_file_that_is_not_kept_is_removed)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct new_file f;

		open_and_write(&f, ways[i]);
		new_file_close(&f);
		assert_int_equal(empty_dir(), 0);
	}
}

FIXTURE_TEST(an_existing_file_is_replaced_only_with_the_flag)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct new_file f;

		put("old");
		if (ways[i] & NEW_FILE_REPLACE) {
			open_and_write(&f, ways[i]);
			expect_content("old");
			keep_and_close(&f, 0);
			expect_only("new");
		} else {
			expect_open(path, ways[i], EX_CANTCREAT);
			expect_only("old");
		}
	}
}

/* storaged would keep writing to a file without a name. */
FIXTURE_TEST(a_store_is_replaced_only_by_its_restore)
{
	static const char *const own[] = {"data.mdb", "lock.mdb", "storaged.lock"};
	char file[96];

	snprintf(file, sizeof(file), "%s/data.mdb", dir);
	expect_open(file, NEW_FILE_REPLACE, 0);
	snprintf(file, sizeof(file), "%s/storaged.lock", dir);
	assert_int_equal(close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, own[i]);
		expect_open(file, NEW_FILE_REPLACE, EX_CANTCREAT);
	}
	snprintf(file, sizeof(file), "%s/data.mdb", dir);
	expect_open(file, NEW_FILE_OF_STORE, 0);
	assert_int_equal(empty_dir(), 1);
}

FIXTURE_TEST(a_file_created_meanwhile_is_not_overwritten)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct new_file f;

		if (ways[i] & NEW_FILE_REPLACE)
			continue;
		open_and_write(&f, ways[i]);
		put("old");
		keep_and_close(&f, EX_CANTCREAT);
		expect_only("old");
	}
}

FIXTURE_TEST(the_file_of_a_killed_process_is_reused)
{
	char left[96];

	snprintf(left, sizeof(left), "%s.part", path);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		int fd = open(left, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		struct new_file f;

		assert_int_equal(write(fd, "left behind", 11), 11);
		closefd(&fd);
		open_and_write(&f, ways[i] | NEW_FILE_NAMED);
		keep_and_close(&f, 0);
		expect_only("new");
	}
}

FIXTURE_TEST(a_second_process_is_refused)
{
	struct new_file first;

	open_and_write(&first, NEW_FILE_NAMED);
	expect_open(path, NEW_FILE_NAMED, EX_TEMPFAIL);
	keep_and_close(&first, 0);
	expect_only("new");
}

FIXTURE_TEST(a_signal_removes_the_incomplete_file)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < ARRAY_LEN(ending); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			struct new_file f;

			if (new_file_open(&f, path, ".part", NEW_FILE_NAMED) != 0)
				_exit(1);
			raise(ending[i]);
			_exit(2);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), ending[i]);
		assert_int_equal(empty_dir(), 0);
	}
}

FIXTURE_TEST(paths_that_cannot_be_files_are_refused)
{
	char bad[160];
	static const char *const names[] = {"", "/", "/none/file", "/.", "/.."};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(bad, sizeof(bad), "%s%s", dir, names[i]);
		expect_open(bad, NEW_FILE_REPLACE, EX_CANTCREAT);
	}
}

TEST_MAIN(NULL, NULL)

/*
 * Runs every fuzz target on its seeds and on each file of its corpus, as one cmocka test per
 * target. Run it from the top of the tree:
 *
 *	test_fuzz_corpus                runs them
 *	test_fuzz_corpus --seeds DIR    writes the seeds to DIR/NAME/ instead, for `make fuzz`
 *
 * Inputs run in a child process, which reports its progress in shared memory: an input that
 * crashes, hangs or leaks is named, and the following ones still run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/seeds.h"

#define CORPUS        "tests/fuzz/corpus"
#define INPUTS_MAX    1024
#define INPUT_SIZE    65536
#define INPUT_SECONDS 20 /* for one input, with sanitizers on a busy machine */

struct target {
	const char *name;
	int (*run)(const uint8_t *data, size_t size);
	void (*seeds)(seed_fn *fn, void *arg);
};

static struct target targets[] = {
#define TARGET(name, seeds, holds) {#name, fuzz_##name, seeds},
#include "tests/fuzz/targets.def"
};

struct input {
	char name[256];
	uint8_t *bytes;
	size_t size;
};

/* The inputs of the current target. */
static struct input inputs[INPUTS_MAX];
static size_t n_inputs;

/* How many inputs the child has started. */
static volatile size_t *begun;

static void
add_input(void *arg, const char *name, struct slice bytes)
{
	struct input *in = &inputs[n_inputs++];

	assert_true(n_inputs < INPUTS_MAX);
	(void)snprintf(in->name, sizeof(in->name), "%s %s", (const char *)arg, name);
	in->bytes = fuzz_copy(bytes);
	in->size = bytes.len;
}

static void
clear_inputs(void)
{
	while (n_inputs > 0)
		free(inputs[--n_inputs].bytes);
}

static void
load_file(int dir, const char *name)
{
	static char kind[] = CORPUS;
	static uint8_t bytes[INPUT_SIZE];
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd != -1);
	n = read(fd, bytes, sizeof(bytes));
	closefd(&fd);
	assert_true(n >= 0 && (size_t)n < sizeof(bytes));
	add_input(kind, name, (struct slice){bytes, (size_t)n});
}

/* Every file of corpus/NAME/: each target has at least one. */
static void
load_corpus(const char *target)
{
	char path[128];
	struct dirent *e;
	DIR *dir;

	(void)snprintf(path, sizeof(path), CORPUS "/%s", target);
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			load_file(dirfd(dir), e->d_name);
	closedir(dir);
	assert_true(n_inputs > 0);
}

/* The child: never returns. A sanitizer that finds a leak changes the exit status. */
_Noreturn static void
run_from(const struct target *t, size_t first)
{
	const struct rlimit no_core = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &no_core);
	for (size_t i = first; i < n_inputs; i++) {
		*begun = i + 1;
		alarm(INPUT_SECONDS);
		(void)t->run(inputs[i].bytes, inputs[i].size);
	}
	alarm(0);
	*begun = n_inputs + 1;
	exit(0);
}

/* Runs the inputs from first on. True on success; else *failed is the failed input, or n_inputs if
 * they all ran and a leak was found at the end. */
static bool
all_pass(const struct target *t, size_t first, size_t *failed)
{
	int status;
	pid_t pid;

	*begun = first;
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0)
		run_from(t, first);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*failed = *begun == 0 ? 0 : *begun - 1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
every_input_holds(void **state)
{
	static char seed[] = "seed";
	const struct target *t = *state;
	size_t at, failures = 0;

	load_corpus(t->name);
	if (t->seeds != NULL)
		t->seeds(add_input, seed);
	for (at = 0; at < n_inputs && !all_pass(t, at, &at); at++) {
		failures++;
		print_error("%s: %s\n", t->name,
		    at < n_inputs ? inputs[at].name : "one of its inputs leaks memory");
	}
	clear_inputs();
	assert_int_equal(failures, 0);
}

/* No target would run a folder of another name. */
static void
every_folder_of_the_corpus_belongs_to_a_target(void **state)
{
	DIR *dir = opendir(CORPUS);
	struct dirent *e;

	(void)state;
	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL) {
		size_t i = 0;

		if (e->d_name[0] == '.')
			continue;
		while (i < ARRAY_LEN(targets) && strcmp(targets[i].name, e->d_name) != 0)
			i++;
		if (i == ARRAY_LEN(targets))
			fail_msg("%s/%s has no target", CORPUS, e->d_name);
	}
	closedir(dir);
}

/* arg is the folder. */
static void
write_seed(void *arg, const char *name, struct slice bytes)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", (const char *)arg, name);
	f = fopen(path, "w");
	if (f == NULL || fwrite(bytes.p, 1, bytes.len, f) != bytes.len || fclose(f) != 0)
		err(1, "%s", path);
}

/* A folder for each target, also for those without seeds. */
static int
write_seeds(const char *dir)
{
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		char path[256];

		(void)snprintf(path, sizeof(path), "%s/%s", dir, targets[i].name);
		if (mkdir(path, 0777) == -1 && errno != EEXIST)
			err(1, "%s", path);
		if (targets[i].seeds != NULL)
			targets[i].seeds(write_seed, path);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_LEN(targets) + 1] = {
#define TARGET(name, seeds, holds) {#name ": " holds, every_input_holds, NULL, NULL, NULL},
#include "tests/fuzz/targets.def"
	    cmocka_unit_test(every_folder_of_the_corpus_belongs_to_a_target),
	};

	if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
		return write_seeds(argv[2]);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		tests[i].initial_state = &targets[i];
	begun = mmap(
	    NULL, sizeof(*begun), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (begun == MAP_FAILED)
		err(1, "mmap");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

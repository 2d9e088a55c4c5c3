/*
 * Runs every fuzz target on its seeds and on each file of its corpus, as one cmocka test per
 * target. Run it from the top of the tree:
 *
 *	test_fuzz_corpus                runs them
 *	test_fuzz_corpus --seeds DIR    writes the seeds to DIR/NAME/ instead, for `make fuzz`
 *
 * Each target runs in a child process, which names the input that crashes or hangs.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/unit.h"

#define CORPUS        "tests/fuzz/corpus"
#define INPUT_SIZE    65536
#define INPUT_SECONDS 20 /* for one input, with sanitizers on a busy machine */

static struct target {
	const char *name;
	int (*run)(const uint8_t *data, size_t size);
	void (*seeds)(seed_fn *fn, void *arg);
} targets[] = {
#define TARGET(name, seeds, holds) {#name, fuzz_##name, seeds},
#include "tests/fuzz/targets.def"
};

/* From the sanitizers (sanitizer/common_interface_defs.h); NULL without them. */
extern void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak)); /* NOLINT */

/* The input that runs. */
static char current[512];

static void
name_input(void)
{
	(void)!write(STDERR_FILENO, current, strlen(current));
}

static void
on_signal(int signal_number)
{
	name_input();
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

static void
run(void *arg, const char *name, struct slice bytes)
{
	const struct target *t = arg;
	uint8_t *copy = fuzz_copy(bytes);

	(void)snprintf(current, sizeof(current), "%s: input %s\n", t->name, name);
	alarm(INPUT_SECONDS);
	(void)t->run(copy, bytes.len);
	alarm(0);
	current[0] = '\0';
	free(copy);
}

static void
run_file(struct target *t, int dir, const char *name)
{
	static uint8_t bytes[INPUT_SIZE];
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	must(fd != -1);
	n = read(fd, bytes, sizeof(bytes));
	closefd(&fd);
	must(n >= 0 && (size_t)n < sizeof(bytes));
	run(t, name, (struct slice){bytes, (size_t)n});
}

/* The child. Each target has at least one file in corpus/NAME/. */
static _Noreturn void
run_target(struct target *t)
{
	char path[128];
	struct dirent *e;
	size_t n = 0;
	DIR *dir;

	/* A failed assertion of the store's fixture aborts, too. */
	must(setenv("CMOCKA_TEST_ABORT", "1", 1) == 0);
	(void)snprintf(path, sizeof(path), CORPUS "/%s", t->name);
	dir = opendir(path);
	must(dir != NULL);
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		run_file(t, dirfd(dir), e->d_name);
		n++;
	}
	closedir(dir);
	must(n > 0);
	if (t->seeds != NULL)
		t->seeds(run, t);
	exit(0);
}

/* In a process of its own: targets change global state. A sanitizer that finds a leak changes the
 * exit status. */
static void
every_input_holds(void **state)
{
	int status;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0)
		run_target(*state);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
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
	(void)signal(SIGABRT, on_signal);
	(void)signal(SIGALRM, on_signal);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(name_input);
	else
		(void)signal(SIGSEGV, on_signal);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

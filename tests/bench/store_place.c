/*
 * A temporary directory and a child process, neither of which outlives this process.
 */
#include "tests/bench/store_place.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include <linux/magic.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/ipc/channel.h"

#define START_MS   10000
#define STOP_MS    10000
#define PROBES     4
#define PROBE_SIZE 4096

/* For atexit(3), which passes no argument. */
static char to_remove[sizeof(((struct place *)NULL)->dir)];
static pid_t child = -1;
static clockid_t child_clock;
static volatile sig_atomic_t caught;

static void
on_signal(int signal_number)
{
	caught = signal_number;
}

void
place_check(void)
{
	if (caught == SIGALRM)
		errx(EX_TEMPFAIL, "time limit exceeded");
	if (caught != 0)
		exit(128 + caught);
}

static void
pause_ms(long ms)
{
	struct timespec ts = {.tv_nsec = ms * 1000000};

	nanosleep(&ts, NULL);
}

/* Whether the child has exited; *status is its exit status. */
static bool
child_ended(int *status)
{
	pid_t r = waitpid(child, status, WNOHANG);

	if (r == 0 || (r == -1 && errno == EINTR))
		return false;
	child = -1;
	return true;
}

void
place_stop_store(void)
{
	uint64_t end = clock_mono_ms() + STOP_MS;
	int status;

	if (child == -1)
		return;
	kill(child, SIGTERM);
	while (!child_ended(&status)) {
		if (clock_mono_ms() > end) {
			warnx("storaged does not exit: killed");
			kill(child, SIGKILL);
			end += STOP_MS;
		}
		pause_ms(1);
	}
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void
clean_up(void)
{
	place_stop_store();
	if (to_remove[0] != '\0' && nftw(to_remove, remove_one, 8, FTW_DEPTH | FTW_PHYS) == -1)
		warn("%s", to_remove);
}

static void
join(char *out, size_t size, const char *dir, const char *name)
{
	int n = snprintf(out, size, "%s/%s", dir, name);

	must(n > 0 && (size_t)n < size);
}

static void
make_dir(const char *dir)
{
	if (mkdir(dir, 0700) == -1)
		err(EX_CANTCREAT, "%s", dir);
}

static void
make_probe(struct place *p)
{
	static const uint8_t zeroes[PROBE_SIZE];

	p->probe_fd = open(p->probe, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (p->probe_fd == -1 ||
	    pwrite(p->probe_fd, zeroes, PROBE_SIZE, 0) != (ssize_t)PROBE_SIZE ||
	    fsync(p->probe_fd) == -1)
		err(EX_CANTCREAT, "%s", p->probe);
}

void
place_make(struct place *p, const char *parent, unsigned seconds)
{
	struct sigaction sa = {.sa_handler = on_signal};

	*p = (struct place){.probe_fd = -1};
	if (strlen(parent) > 40)
		errx(EX_USAGE, "%s: too long for the path of a socket in it", parent);
	join(p->dir, sizeof(p->dir), parent, "store-XXXXXX");
	must(sigaction(SIGINT, &sa, NULL) == 0 && sigaction(SIGTERM, &sa, NULL) == 0 &&
	    sigaction(SIGALRM, &sa, NULL) == 0);
	alarm(seconds);
	if (mkdtemp(p->dir) == NULL)
		err(EX_CANTCREAT, "%s", p->dir);
	memcpy(to_remove, p->dir, sizeof(to_remove));
	must(atexit(clean_up) == 0);
	join(p->store, sizeof(p->store), p->dir, "storaged");
	join(p->socket, sizeof(p->socket), p->store, "store.sock");
	join(p->raw, sizeof(p->raw), p->dir, "raw");
	join(p->probe, sizeof(p->probe), p->dir, "probe");
	make_dir(p->store);
	make_dir(p->raw);
	make_probe(p);
}

bool
place_is_memory(const struct place *p)
{
	struct statfs fs;

	return statfs(p->dir, &fs) == 0 &&
	    (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* Runs in the child. The environment contains only storaged's settings, so that the caller's have
 * no effect. */
static _Noreturn void
exec_store(const struct place *p, const char *program)
{
	char data_dir[128], level[] = "LOG_LEVEL=warn", name[] = "storaged";
	char *argv[] = {name, NULL}, *envp[] = {data_dir, level, NULL};
	int n = snprintf(data_dir, sizeof(data_dir), "DATA_DIR=%s", p->store);

	must(n > 0 && (size_t)n < sizeof(data_dir));
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execve(program, argv, envp);
	warn("%s", program);
	_exit(EX_UNAVAILABLE);
}

/* Waits until the socket accepts connections. */
static void
wait_for_socket(const struct place *p)
{
	uint64_t end = clock_mono_ms() + START_MS;
	int fd, status;

	while ((fd = channel_connect(p->socket)) == -1) {
		place_check();
		if (child_ended(&status))
			errx(EX_UNAVAILABLE, "storaged exited at its start (%s %d)",
			    WIFEXITED(status) ? "status" : "signal",
			    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		if (clock_mono_ms() > end)
			errx(EX_UNAVAILABLE, "storaged is not ready after %d ms", START_MS);
		pause_ms(2);
	}
	closefd(&fd);
}

void
place_start_store(struct place *p, const char *program)
{
	child = fork();
	if (child == -1)
		err(EX_OSERR, "fork");
	if (child == 0)
		exec_store(p, program);
	wait_for_socket(p);
	if (clock_getcpuclockid(child, &child_clock) != 0)
		errx(EX_OSERR, "clock_getcpuclockid");
}

pid_t
place_store_pid(void)
{
	return child;
}

uint64_t
place_store_cpu(void)
{
	struct timespec ts;

	if (clock_gettime(child_clock, &ts) == -1)
		err(EX_OSERR, "the processor time of storaged");
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t
place_sync_cost(const struct place *p)
{
	uint8_t page[PROBE_SIZE];
	uint64_t start = clock_mono_ns();

	memset(page, (int)(start & 0xff), sizeof(page));
	for (int i = 0; i < PROBES; i++)
		if (pwrite(p->probe_fd, page, sizeof(page), 0) != (ssize_t)sizeof(page) ||
		    fdatasync(p->probe_fd) == -1)
			err(EX_IOERR, "%s", p->probe);
	return (clock_mono_ns() - start) / PROBES;
}

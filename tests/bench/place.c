/*
 * A temporary directory that does not outlive this process.
 */
#include "tests/bench/place.h"

#include <sys/stat.h>
#include <sys/statfs.h>

#include <linux/magic.h>

#include <err.h>
#include <fcntl.h>
#include <ftw.h>
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
#define PROBES     4
#define PROBE_SIZE 4096

/* For atexit(3), which passes no argument. */
static char to_remove[sizeof(((struct place *)NULL)->dir)];

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
	if (nftw(to_remove, remove_one, 8, FTW_DEPTH | FTW_PHYS) == -1)
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
place_make(struct place *p, unsigned seconds)
{
	*p = (struct place){.dir = "build/bench/store-XXXXXX", .probe_fd = -1};
	children_limit(seconds);
	if (mkdtemp(p->dir) == NULL)
		err(EX_CANTCREAT, "%s", p->dir);
	memcpy(to_remove, p->dir, sizeof(to_remove));
	/* Before the first child, so that children are stopped first. */
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

/* Waits until the socket accepts connections. */
static void
wait_for_socket(const struct place *p)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	uint64_t end = clock_mono_ms() + START_MS;
	int fd;

	while ((fd = channel_connect(p->socket)) == -1) {
		children_check();
		if (clock_mono_ms() > end)
			errx(EX_UNAVAILABLE, "storaged is not ready after %d ms", START_MS);
		nanosleep(&pause, NULL);
	}
	closefd(&fd);
}

/* The environment contains only storaged's settings, so that the caller's have no effect. */
void
place_start_store(struct place *p)
{
	char data_dir[96], log[96], level[] = "LOG_LEVEL=warn", program[] = "build/storaged";
	char *argv[] = {program, NULL}, *envp[] = {data_dir, level, NULL};

	join(log, sizeof(log), p->dir, "storaged.log");
	must(snprintf(data_dir, sizeof(data_dir), "DATA_DIR=%s", p->store) > 0);
	group_add(&p->storaged, child_start(CORE_SERVERS, argv, envp, log));
	wait_for_socket(p);
}

void
place_stop_store(struct place *p)
{
	child_stop(p->storaged.pids[0]);
}

double
place_sync_ms(const struct place *p)
{
	uint8_t page[PROBE_SIZE];
	uint64_t start = clock_mono_ns();

	memset(page, (int)(start & 0xff), sizeof(page));
	for (int i = 0; i < PROBES; i++)
		if (pwrite(p->probe_fd, page, sizeof(page), 0) != (ssize_t)sizeof(page) ||
		    fdatasync(p->probe_fd) == -1)
			err(EX_IOERR, "%s", p->probe);
	return (double)(clock_mono_ns() - start) / PROBES / 1e6;
}

/*
 * masterd creates the scoreboard; each worker maps the descriptor that it inherits. The memory is
 * sealed against size changes, so that no process can cause SIGBUS in another (memfd_create(2),
 * "File sealing").
 */
#include "proto/ipc/scoreboard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/secrets.h"

/* Identifies the layout: increment it when the structs change, so that a worker of another version
 * refuses the map instead of misreading it. */
#define SCOREBOARD_MAGIC UINT64_C(0x62616e7465720006) /* "banter", layout 6 */
#define SCOREBOARD_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static struct scoreboard *
scoreboard_mmap(int fd)
{
	const size_t size = sizeof(struct scoreboard);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return NULL;
	return p;
}

struct scoreboard *
scoreboard_create(int *fd)
{
	struct scoreboard *sb;

	*fd = memfd_create("banter-scoreboard", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	must(*fd != -1);
	must(ftruncate(*fd, sizeof(*sb)) == 0);
	must(fcntl(*fd, F_ADD_SEALS, SCOREBOARD_SEALS) == 0);
	sb = scoreboard_mmap(*fd);
	must(sb != NULL);
	sb->magic = SCOREBOARD_MAGIC;
	sb->size = sizeof(*sb);
	metric_set(&sb->master.pid, (uint64_t)getpid());
	metric_set(&sb->master.started_at, clock_wall_ms());
	ratelimit_init(&sb->rates);
	secret_random(sb->connection_counts_secret, sizeof(sb->connection_counts_secret));
	return sb;
}

struct scoreboard *
scoreboard_map(int fd)
{
	struct scoreboard *sb;
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals == -1 || fstat(fd, &st) == -1)
		return NULL;
	if ((seals & SCOREBOARD_SEALS) != SCOREBOARD_SEALS || st.st_size != sizeof(*sb)) {
		errno = EINVAL;
		return NULL;
	}
	sb = scoreboard_mmap(fd);
	if (sb == NULL)
		return NULL;
	if (sb->magic != SCOREBOARD_MAGIC || sb->size != sizeof(*sb)) {
		scoreboard_unmap(sb);
		errno = EINVAL;
		return NULL;
	}
	return sb;
}

void
scoreboard_unmap(struct scoreboard *sb)
{
	if (sb != NULL)
		must(munmap(sb, sizeof(*sb)) == 0);
}

unsigned
scoreboard_layout(void)
{
	return SCOREBOARD_MAGIC & 0xffff;
}

void
scoreboard_worker_started(struct scoreboard *sb, unsigned slot, uint64_t pid)
{
	must(slot < SCOREBOARD_WORKERS_MAX);
	for (size_t i = 0; i < PART_MEMORY_MAX; i++) {
		metric_set(&sb->workers[slot].refused.at[i].key, 0);
		metric_set(&sb->workers[slot].refused.at[i].until_ms, 0);
	}
	if (metric_get(&sb->master.slots_used) <= slot)
		metric_set(&sb->master.slots_used, slot + 1);
	atomic_store(&sb->workers[slot].pid, pid);
}

/* Gauges and client connections belonged to the dead worker and become 0; counters and histograms
 * stay. */
#define GONE_GAUGE(field) metric_set(&w->field, 0);
#define GONE_COUNTER(field)
#define GONE_HISTOGRAM(field)

void
scoreboard_worker_gone(struct scoreboard *sb, unsigned slot)
{
	struct scoreboard_worker *w = &sb->workers[slot];

	must(slot < SCOREBOARD_WORKERS_MAX);
	atomic_store(&w->pid, 0);
	connection_counts_clear(&sb->connection_counts[slot]);
#define WORKER_METRIC(KIND, field, LABELS, name, help) GONE_##KIND(field)
#include "proto/ipc/metrics.def"
}

bool
scoreboard_store_crashes(const struct scoreboard *sb, uint64_t limit)
{
	return limit != 0 && crashes_recent(&sb->store_crashes, clock_mono_ms()) >= limit;
}

bool
scoreboard_workers_crash(const struct scoreboard *sb, uint64_t limit)
{
	return limit != 0 && crashes_recent(&sb->worker_crashes, clock_mono_ms()) >= limit;
}

/*
 * Makes and maps the scoreboard. masterd makes it once; each worker maps the descriptor that it
 * inherits. The memory is sealed against a change of size, so that no process can make another's
 * access to it a SIGBUS (memfd_create(2), "File sealing").
 */
#include "proto/scoreboard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/basics.h"

/* Also names the layout: change it with the structs, so that a worker of another version refuses
 * the map instead of misreading it. */
#define SCOREBOARD_MAGIC UINT64_C(0x62616e7465720001) /* "banter", layout 1 */
#define SCOREBOARD_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static struct scoreboard *
map(int fd)
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
	sb = map(*fd);
	must(sb != NULL);
	sb->magic = SCOREBOARD_MAGIC;
	sb->size = sizeof(*sb);
	ratelimit_init(&sb->rates);
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
	sb = map(fd);
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

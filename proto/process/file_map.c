/*
 * proc(5), /proc/PID/maps. Its device numbers are not those of stat(2) on some file systems, so they are not
 * compared.
 */
#include "proto/process/file_map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

static void *
file_map_search(FILE *maps, uint64_t inode, size_t size)
{
	char line[4352];

	while (fgets(line, sizeof(line), maps) != NULL) {
		uintptr_t start, end;
		uint64_t offset, found;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNx64 " %*s %" SCNu64,
			&start, &end, &offset, &found) == 4 &&
		    offset == 0 && found == inode && end - start >= size)
			return (void *)start; /* NOLINT(performance-no-int-to-ptr) */
	}
	return NULL;
}

int
file_map_find(int fd, size_t size, void **map)
{
	FILE *maps;
	struct stat st;

	*map = NULL;
	if (fstat(fd, &st) == -1)
		return errno;
	maps = fopen("/proc/self/maps", "re");
	if (maps == NULL)
		return errno;
	*map = file_map_search(maps, st.st_ino, size);
	(void)fclose(maps);
	return *map == NULL ? ENXIO : 0;
}

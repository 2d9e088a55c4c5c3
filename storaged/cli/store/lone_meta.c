/*
 * LMDB opens a file in memory, as large as the store, with two meta pages from the intact one. Then the store's
 * other pages take their place in its map, and the store's file that of its descriptor, for the checks that read
 * without LMDB (engine/page_tree.h).
 */
#include "storaged/cli/store/lone_meta.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/process/file_map.h"
#include "storaged/engine/meta_page.h"
#include "storaged/engine/safe_read.h"

/* The state that LMDB takes is that with the larger number. */
static int
lone_meta_write(int memory, struct meta_page meta)
{
	size_t page_size = meta.free.pad, intact = meta.number;

	for (size_t page = 0; page < META_PAGES; page++) {
		struct meta_page copy = meta;

		copy.number = page;
		copy.txn = page == intact ? meta.txn : 0;
		if (pwrite(memory, &copy, sizeof(copy), (off_t)(page * page_size)) !=
		    (ssize_t)sizeof(copy))
			return errno;
	}
	return 0;
}

static int
lone_meta_open_memory(MDB_env *mdb, int memory)
{
	char path[32];
	int rc;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	rc = mdb_env_open(mdb, path, MDB_RDONLY | MDB_NOTLS | MDB_NOSUBDIR | MDB_NOLOCK, 0600);
	if (rc == 0)
		safe_read_mapped(mdb);
	return rc;
}

static int
lone_meta_replace(MDB_env *mdb, int file, size_t size, size_t page_size)
{
	size_t skipped = META_PAGES * page_size;
	MDB_envinfo info;
	void *map;
	int fd, rc = mdb_env_get_fd(mdb, &fd);

	if (rc == 0)
		rc = mdb_env_info(mdb, &info);
	if (rc == 0)
		rc = file_map_find(fd, info.me_mapsize, &map);
	if (rc != 0)
		return rc;
	size = size < info.me_mapsize ? size : info.me_mapsize;
	if (size > skipped &&
	    mmap((uint8_t *)map + skipped, size - skipped, PROT_READ, MAP_SHARED | MAP_FIXED,
		file, (off_t)skipped) == MAP_FAILED)
		return errno;
	return dup3(file, fd, O_CLOEXEC) == -1 ? errno : 0;
}

int
lone_meta_open(MDB_env *mdb, int file)
{
	struct meta_page meta;
	struct stat st;
	unsigned n;
	int memory, rc;

	if (!meta_page_find(file, &meta, &n))
		return MDB_INVALID;
	if (fstat(file, &st) == -1)
		return errno;
	memory = memfd_create("banter-meta-pages", MFD_CLOEXEC);
	if (memory == -1)
		return errno;
	rc = ftruncate(memory, st.st_size) == -1 ? errno : lone_meta_write(memory, meta);
	if (rc == 0)
		rc = lone_meta_open_memory(mdb, memory);
	if (rc == 0)
		rc = lone_meta_replace(mdb, file, (size_t)st.st_size, meta.free.pad);
	closefd(&memory);
	return rc;
}

/*
 * LMDB reads the state whose meta page has the larger number (mdb.c, mdb_env_pick_meta()), and finds these pages
 * at the beginning of its map. So a private copy of the newer one, with the number 0, takes its place there.
 */
#include "storaged/cli/store/last_commit.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "proto/process/file_map.h"

/* Where a meta page has the number of its transaction: behind the page's header (16 bytes), four fields (24),
 * two trees (48 each) and the last page (mdb.c, MDB_meta). */
#define NUMBER_AT (16 + 24 + 2 * 48 + 8)

/* Replaces a page of the map by a private copy without its number. */
static int
last_commit_replace(uint8_t *at, size_t size, int fd, size_t page)
{
	uint8_t *copy = mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd,
	    (off_t)(page * size));

	if (copy == MAP_FAILED)
		return errno;
	memset(copy + NUMBER_AT, 0, sizeof(uint64_t));
	return 0;
}

int
last_commit_hide(MDB_env *mdb)
{
	MDB_envinfo info;
	MDB_stat stat;
	size_t page;
	void *map;
	int fd, rc = mdb_env_info(mdb, &info);

	if (rc == 0)
		rc = mdb_env_stat(mdb, &stat);
	if (rc == 0)
		rc = mdb_env_get_fd(mdb, &fd);
	if (rc == 0)
		rc = file_map_find(fd, info.me_mapsize, &map);
	if (rc != 0)
		return rc;
	page = info.me_last_txnid % 2;
	return last_commit_replace(
	    (uint8_t *)map + page * stat.ms_psize, stat.ms_psize, fd, page);
}

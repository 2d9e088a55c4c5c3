/*
 * The layout: mdb.c of LMDB 0.9, MDB_page and MDB_meta.
 */
#include "storaged/engine/meta_page.h"

#include <unistd.h>

/* MDB_MAGIC, MDB_DATA_VERSION, P_META. */
#define MAGIC     0xBEEFC0DEu
#define VERSION   1u
#define PAGE_META 0x08

/* mdb.c, MDB_env_open() and MAX_PAGESIZE. */
#define PAGE_SIZE_MIN 512u
#define PAGE_SIZE_MAX 32768u

/* Reads of both, between which another process may commit. */
#define TRIES 100u

const char meta_page_damage[] = "one of the first two pages of the file is damaged";

static bool
meta_page_has_size(const struct meta_page *meta)
{
	uint32_t size = meta->free.pad;

	return size >= PAGE_SIZE_MIN && size <= PAGE_SIZE_MAX && (size & (size - 1)) == 0;
}

/* Transactions with even numbers have page 0. Both pages of a new file have the number 0. */
static bool
meta_page_is_valid(const struct meta_page *meta, size_t page)
{
	return meta->number == page && (meta->flags & PAGE_META) != 0 && meta->magic == MAGIC &&
	    meta->version == VERSION && meta_page_has_size(meta) &&
	    meta->last_page >= META_PAGES - 1 &&
	    (meta->txn % META_PAGES == page || meta->txn == 0);
}

bool
meta_page_read(int fd, size_t page_size, size_t page, struct meta_page *meta)
{
	return pread(fd, meta, sizeof(*meta), (off_t)(page * page_size)) ==
	    (ssize_t)sizeof(*meta) &&
	    meta_page_is_valid(meta, page);
}

/* Each commit takes the next number. A new file has 0 twice. */
static bool
meta_page_are_consecutive(const struct meta_page *a, const struct meta_page *b)
{
	uint64_t high = a->txn > b->txn ? a->txn : b->txn;

	return high == 0 || a->txn + b->txn == 2 * high - 1;
}

int
meta_page_check(MDB_env *mdb, uint64_t txn, bool both)
{
	size_t page = txn % META_PAGES;
	struct meta_page meta, other;
	mdb_filehandle_t fd;
	MDB_stat stat;
	int rc = mdb_env_stat(mdb, &stat);

	if (rc == 0)
		rc = mdb_env_get_fd(mdb, &fd);
	if (rc != 0)
		return rc;
	if (!meta_page_read(fd, stat.ms_psize, page, &meta) || meta.txn < txn)
		return MDB_CORRUPTED;
	if (both &&
	    (!meta_page_read(fd, stat.ms_psize, 1 - page, &other) ||
		!meta_page_are_consecutive(&meta, &other)))
		return MDB_CORRUPTED;
	return 0;
}

int
meta_page_check_numbers(MDB_env *mdb)
{
	MDB_envinfo info;
	int rc = MDB_CORRUPTED;

	for (unsigned i = 0; i < TRIES && rc == MDB_CORRUPTED; i++) {
		rc = mdb_env_info(mdb, &info);
		if (rc == 0)
			rc = meta_page_check(mdb, info.me_last_txnid, true);
	}
	return rc;
}

/* Without page 0, the size of a page is that with which LMDB creates a file. */
bool
meta_page_find(int fd, struct meta_page *meta, unsigned *n)
{
	struct meta_page other;
	bool first = meta_page_read(fd, 0, 0, meta);
	size_t page_size = first ? meta->free.pad : (size_t)sysconf(_SC_PAGESIZE);
	bool second = meta_page_read(fd, page_size, 1, &other);

	if (second && (!first || other.txn > meta->txn))
		*meta = other;
	*n = (unsigned)first + second;
	return *n > 0;
}

/*
 * SQLite's own layer for Unix, with another xWrite for the database's file. Pages are as described in
 * SQLite's documentation, "Database File Format", 1.6.
 */
#include "storaged/search/base/index_vfs.h"

#include <string.h>

#include <sqlite3.h>

#include "proto/base/basics.h"

#define PAGE_MAX    65536
#define FILE_HEADER 100 /* before the first page's own */

static sqlite3_vfs *plain;
static sqlite3_io_methods scrubbing;
static const sqlite3_io_methods *plain_methods;

static size_t
index_vfs_u16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* The size of a tree page's header by its first byte; 0: a free page, or one of a long value. */
static size_t
index_vfs_header(uint8_t kind)
{
	if (kind == 2 || kind == 5)
		return 12;
	return kind == 10 || kind == 13 ? 8 : 0;
}

/* The unused part of a page between the list of cells and the cells; *len 0: there is none. */
static size_t
index_vfs_gap(const uint8_t *page, size_t size, size_t at, size_t *len)
{
	const uint8_t *header = page + at;
	size_t header_size = index_vfs_header(header[0]), start, end;

	*len = 0;
	if (header_size == 0)
		return 0;
	start = at + header_size + 2 * index_vfs_u16(header + 3);
	end = index_vfs_u16(header + 5);
	if (end == 0)
		end = PAGE_MAX;
	if (start < end && end <= size)
		*len = end - start;
	return start;
}

static int
index_vfs_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
	static uint8_t page[PAGE_MAX];
	size_t start, len;

	if (size < 512 || size > PAGE_MAX)
		return plain_methods->xWrite(file, data, size, offset);
	start = index_vfs_gap(data, (size_t)size, offset == 0 ? FILE_HEADER : 0, &len);
	if (len == 0)
		return plain_methods->xWrite(file, data, size, offset);
	memcpy(page, data, (size_t)size);
	memset(page + start, 0, len);
	return plain_methods->xWrite(file, page, size, offset);
}

static int
index_vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	int rc = plain->xOpen(vfs, name, file, flags, out);

	if (rc != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0)
		return rc;
	plain_methods = file->pMethods;
	scrubbing = *plain_methods;
	scrubbing.xWrite = index_vfs_write;
	file->pMethods = &scrubbing;
	return rc;
}

int
index_vfs_register(void)
{
	static sqlite3_vfs vfs;

	if (plain != NULL)
		return 0;
	plain = sqlite3_vfs_find("unix");
	if (plain == NULL)
		return -1;
	vfs = *plain;
	vfs.zName = INDEX_VFS;
	vfs.xOpen = index_vfs_open;
	return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? 0 : -1;
}

/*
 * A file system layer for SQLite that keeps removed content out of the file.
 *
 * PRAGMA secure_delete overwrites what is deleted, but when SQLite moves rows between pages, it leaves copies
 * in the unused middle of the old page. This layer overwrites that part of each page on its way to the
 * database's file.
 */
#ifndef STORAGED_SEARCH_BASE_INDEX_VFS_H
#define STORAGED_SEARCH_BASE_INDEX_VFS_H

#define INDEX_VFS "banter"

/* Greatest number of pages: while the first byte of a page number is 0 or 1, it shows whether a page belongs
 * to a tree. 64 GiB. */
#define INDEX_PAGES_MAX "16777216"

/* Registers it; may be repeated. 0 or -1. */
[[gnu::warn_unused_result]] int index_vfs_register(void);

#endif

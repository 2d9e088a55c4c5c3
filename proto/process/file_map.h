/*
 * Where LMDB has mapped its file, which its API does not tell.
 */
#ifndef PROTO_PROCESS_FILE_MAP_H
#define PROTO_PROCESS_FILE_MAP_H

#include <stddef.h>

/* The address at which this process has mapped size bytes of a file from its beginning. 0; ENXIO: it has not; or
 * errno. */
[[gnu::warn_unused_result]] int file_map_find(int fd, size_t size, void **map);

#endif

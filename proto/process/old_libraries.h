/*
 * Libraries that an update has replaced while a process runs: the process goes on with the old files, and with
 * their defects, until it is started again.
 */
#ifndef PROTO_PROCESS_OLD_LIBRARIES_H
#define PROTO_PROCESS_OLD_LIBRARIES_H

#include <stddef.h>
#include <sys/types.h>

/* Room for the names that are told: "libssl.so.3, libcurl.so.4"; further ones are left out. */
#define OLD_LIBRARIES_SIZE 256

/* Adds the file names of the replaced libraries of a process, each once, to `names`, a NUL-terminated text of at most
 * OLD_LIBRARIES_SIZE bytes. pid 0: this process. Adds nothing without permission. By proc(5), /proc/pid/maps. */
void old_libraries_add(pid_t pid, char names[OLD_LIBRARIES_SIZE]);

#endif

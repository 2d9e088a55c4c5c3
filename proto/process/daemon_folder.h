/*
 * The folder in which a daemon keeps what is its own.
 */
#ifndef PROTO_PROCESS_DAEMON_FOLDER_H
#define PROTO_PROCESS_DAEMON_FOLDER_H

/* Creates the folder (0700) if it is missing. By default it is in DATA_DIR, which storaged creates, and daemons start in any
 * order: waits 30 s at most for the folder around it. 0, or -1 with errno. */
[[gnu::warn_unused_result]] int daemon_folder_make(const char *path);

#endif

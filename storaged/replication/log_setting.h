/*
 * The setting STORE_LOG: a connection string of libpq. It must have all that libpq would otherwise look for in places that the
 * filter of system calls excludes (the user's name), and name only what the filter lets storaged reach: Unix sockets, and no files.
 */
#ifndef STORAGED_REPLICATION_LOG_SETTING_H
#define STORAGED_REPLICATION_LOG_SETTING_H

/* Why the setting is invalid; NULL: it is valid. Shows none of its values, of which one may be a password. */
const char *log_setting_fault(const char *info);

/* Removes libpq's variables (PGHOST, PGSERVICE ...) from the environment. */
void log_setting_clear_environment(void);

#endif

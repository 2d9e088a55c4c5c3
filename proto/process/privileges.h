/*
 * The privileges that a daemon gives up when it starts, also without systemd.
 */
#ifndef PROTO_PROCESS_PRIVILEGES_H
#define PROTO_PROCESS_PRIVILEGES_H

/* No program that this process or a child runs gets more privileges than it has, such as those of a
 * set-user-id file. Called first of all. */
void privileges_renounce(void);

/* No core dump, and no process of the same user can read our memory: it contains keys and messages.
 * Lasts until exec(2). */
void privileges_hide_memory(void);

/* If the process runs as root, switches to this user for good, with the groups that it has in the
 * system's files, and without any capability. With user NULL it stays root, with a warning. Another
 * user than root keeps running as it is, with a warning if it is not this one. 0, or an exit status
 * (logged): EX_NOPERM, or EX_CONFIG for an unknown user. */
[[gnu::warn_unused_result]] int privileges_become(const char *user);

#endif

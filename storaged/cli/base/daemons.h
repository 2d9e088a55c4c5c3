/*
 * The daemons, which lie where this program was installed or built, run for what they alone can tell.
 */
#ifndef STORAGED_CLI_BASE_DAEMONS_H
#define STORAGED_CLI_BASE_DAEMONS_H

/* Runs a daemon with one option and our environment, to its end. Returns its exit status, or
 * EX_OSFILE where it is not there, with the reason said; what it finds it says itself. */
[[gnu::warn_unused_result]] int daemons_run(const char *daemon, const char *option);

#endif

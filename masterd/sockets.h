/*
 * Getting listening sockets: inherited from a service manager, or opened as the settings ask.
 * What is done with them is listeners.c's matter.
 */
#ifndef MASTERD_SOCKETS_H
#define MASTERD_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/settings/settings.h"

#define SOCKETS_MAX 64

/* Listening TCP sockets, non-blocking and close-on-exec; they belong to whoever has the list. */
struct sockets {
	size_t n;
	int fd[SOCKETS_MAX];
};

/*
 * The sockets that LISTEN_FDS and LISTEN_PID announce (sd_listen_fds(3)), if they are for us;
 * removes these variables from the environment. 0, or -1 (logged) when the variables are no
 * numbers, announce more than SOCKETS_MAX, or one of the sockets is no listening TCP socket.
 */
[[gnu::warn_unused_result]] int sockets_inherit(struct sockets *s);

/*
 * Opens every address of list, or port of all addresses if list is empty. An IPv6 address takes
 * only IPv6, except [::] when no IPv4 address of the same port stands beside it; where the kernel
 * has no IPv6, [::] becomes 0.0.0.0. 0, or -1 when an address could not be had (each is logged);
 * s then has those that could.
 */
[[gnu::warn_unused_result]] int sockets_open(
    struct sockets *s, const struct listen_list *list, uint16_t port);

/* Closes them all and empties the list. */
void sockets_close(struct sockets *s);

#endif

/*
 * Listening sockets: inherited from a service manager, or opened as the settings say. listeners.c
 * accepts from them.
 */
#ifndef MASTERD_SOCKETS_H
#define MASTERD_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/settings/settings.h"

#define SOCKETS_MAX 64

/* The name of an inherited socket whose connections begin with a PROXY header (systemd.socket(5),
 * FileDescriptorName=). */
#define SOCKETS_PROXY_NAME "proxy"

/* A listening TCP socket, non-blocking and close-on-exec. */
struct listening_socket {
	int fd;
	bool inherited;
	bool proxied; /* its connections begin with a PROXY header */
};

/* The owner of the list owns the sockets. */
struct sockets {
	size_t n;
	struct listening_socket at[SOCKETS_MAX];
};

/* Gets the sockets that LISTEN_FDS and LISTEN_PID pass to this process, with their names in
 * LISTEN_FDNAMES (sd_listen_fds_with_names(3)), and removes these variables from the environment. 0,
 * or -1 (logged) if the variables are invalid, pass more than SOCKETS_MAX, or a descriptor is not a
 * listening TCP socket. */
[[gnu::warn_unused_result]] int sockets_inherit(struct sockets *s);

/* Opens every address of list, or port on all addresses if list is empty. An IPv6 address accepts
 * only IPv6, except [::] if the list has no IPv4 address with the same port; if the kernel has no
 * IPv6, [::] becomes 0.0.0.0. 0, or -1 if an address cannot be opened (each is logged); s then has
 * the others. */
[[gnu::warn_unused_result]] int sockets_open(
    struct sockets *s, const struct listen_list *list, uint16_t port);

/* Opens every address of a list in the same way; an empty one has none. Their connections begin with a
 * PROXY header. */
[[gnu::warn_unused_result]] int sockets_open_proxied(
    struct sockets *s, const struct listen_list *list);

/* Closes them all and empties the list. */
void sockets_close(struct sockets *s);

#endif

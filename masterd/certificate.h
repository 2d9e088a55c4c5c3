/*
 * The certificate and private key that TLS_CERT and TLS_KEY name: read and checked here, once at
 * start and once at each reload, so that no worker ever needs to open either file, and none is
 * given what it would refuse.
 */
#ifndef MASTERD_CERTIFICATE_H
#define MASTERD_CERTIFICATE_H

#include <stdbool.h>
#include <stdio.h>

#include "proto/base/buf.h"
#include "proto/settings/settings.h"

/* Both files as they were read. Empty: there is no TLS. */
struct certificate {
	struct buf chain;
	struct buf key;
};

/*
 * Reads the files that the settings name; leaves an empty certificate if they name none. Writes a line
 * for each problem to problems, and to warnings one if the certificate is not valid today, or
 * will not be in two weeks: it is used all the same, as an outage is no better. Returns the number of problems; then too the
 * caller clears it.
 */
[[gnu::warn_unused_result]] size_t certificate_read(
    struct certificate *id, const struct settings *s, FILE *problems, FILE *warnings);

/* Overwrites and frees what it holds; it is empty then. */
void certificate_clear(struct certificate *id);

bool certificate_is_empty(const struct certificate *id);
bool certificate_equal(const struct certificate *a, const struct certificate *b);

/* Logs whose certificate it is and until when. */
void certificate_log(const struct certificate *id);

#endif

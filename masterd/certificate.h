/*
 * The certificate and private key that TLS_CERT and TLS_KEY name. masterd reads and checks them at
 * start and at each reload, so that workers never open either file, and get no certificate that
 * they would refuse.
 */
#ifndef MASTERD_CERTIFICATE_H
#define MASTERD_CERTIFICATE_H

#include <stdbool.h>
#include <stdio.h>

#include "proto/base/buf.h"
#include "proto/settings/settings.h"

/* The content of both files. Empty: no TLS. */
struct certificate {
	struct buf chain;
	struct buf key;
};

/* Reads the files that the settings name; the result is empty if they name none. Writes a line for
 * each problem to problems. Writes a warning if the certificate is not valid today or expires
 * within two weeks; it is used nevertheless, since refusing it would be an outage, too. Returns the
 * number of problems; the caller clears the certificate in any case. */
[[gnu::warn_unused_result]] size_t certificate_read(
    struct certificate *id, const struct settings *s, FILE *problems, FILE *warnings);

/* Overwrites and frees the content; the result is empty. */
void certificate_clear(struct certificate *id);

bool certificate_is_empty(const struct certificate *id);
bool certificate_equal(const struct certificate *a, const struct certificate *b);

/* Logs the certificate's subject and expiry date. */
void certificate_log(const struct certificate *id);

#endif

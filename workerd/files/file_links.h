/*
 * Signed addresses of files, and tokens of uploads. Both are MACs with the store's secret (LOGIN_SECRET), so that every worker
 * and machine knows them, and nothing is stored.
 *
 * An address is valid for 6 to 12 hours. Those made within 6 hours are equal, so that browsers can keep a file.
 */
#ifndef WORKERD_FILES_FILE_LINKS_H
#define WORKERD_FILES_FILE_LINKS_H

#include "proto/base/ids.h"
#include "proto/base/secrets.h"

/* Characters of an address: "/v1/files/ID?until=…&mac=…", with its NUL; of a token, with its NUL. */
#define FILE_LINK_SIZE  128
#define FILE_TOKEN_SIZE 48

/* The secret of the store that this worker is connected to; zero: it is not known. */
void file_link_use(const struct hash256 *secret);
bool file_link_is_known(void);

/* Writes the address of a file now (ms since 1970). False: the secret is not known. */
[[nodiscard]] bool file_link_make(
    const struct id *file, uint64_t now, char out[FILE_LINK_SIZE]);

/* Whether the parameters of an address are right; *expired: they were. */
[[nodiscard]] bool file_link_check(
    const struct id *file, struct slice until, struct slice mac, uint64_t now, bool *expired);

/* The token that lets its holder send a file of these kinds (a set of 1 << enum file_kind); and those of a valid token,
 * 0 for another one. */
void file_token_make(const struct id *file, unsigned kinds, char out[FILE_TOKEN_SIZE]);
unsigned file_token_check(const struct id *file, struct slice token);

#endif

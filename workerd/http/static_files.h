/*
 * Files that are served as they are: read into memory at start, with the .br and .gz siblings that
 * the build left beside them. No file is ever opened for a request.
 */
#ifndef WORKERD_HTTP_STATIC_FILES_H
#define WORKERD_HTTP_STATIC_FILES_H

#include "workerd/http/reply.h"

/* A file over this is refused (EFBIG). */
#define ASSET_MAX (16u * 1024 * 1024)

struct asset;

/*
 * Reads dir/relpath and, if they exist, dir/relpath.br and dir/relpath.gz. The content type is
 * borrowed. NULL with errno: of open(2) or read(2), EFBIG, EISDIR, ENAMETOOLONG. An asset must
 * outlive the server that sends it. Aborts when out of memory.
 */
[[gnu::warn_unused_result]] struct asset *asset_load(
    const char *dir, const char *relpath, const char *content_type);
void asset_free(struct asset *a);

/* The content as it is without a coding; valid as long as the asset. */
struct slice asset_content(const struct asset *a);

/*
 * Answers a GET or HEAD whole: the representation that Accept-Encoding asks for, with ETag (strong:
 * the content's SHA-256, and its coding), Vary and the Cache-Control given; 304 when If-None-Match
 * has it.
 */
void asset_reply(struct http_exchange *x, const struct asset *a, const char *cache_control);

/*
 * The same in two steps, for more headers (a page's Content-Security-Policy) or another status (an
 * error page): reply_start(x, asset_status(x, a)), reply_header()…, asset_reply_body().
 * asset_status() is 200, or 304 when the client has it; then no body is sent.
 */
int asset_status(const struct http_exchange *x, const struct asset *a);
void asset_reply_body(
    struct http_exchange *x, const struct asset *a, const char *cache_control);

#endif

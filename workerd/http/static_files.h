/*
 * Files that are served as they are: read into memory at start, with the .br and .gz siblings that
 * the build left beside them. No file is ever opened for a request.
 */
#ifndef WORKERD_HTTP_STATIC_FILES_H
#define WORKERD_HTTP_STATIC_FILES_H

#include "workerd/http/reply.h"

/* A file over this is refused (EFBIG). */
#define STATIC_FILE_MAX (16u * 1024 * 1024)

struct static_file;

/*
 * Reads dir/relpath and, if they exist, dir/relpath.br and dir/relpath.gz. The content type is
 * borrowed. NULL with errno: of open(2) or read(2), EFBIG, EISDIR, ENAMETOOLONG. An asset must
 * outlive the server that sends it. Aborts when out of memory.
 */
[[gnu::warn_unused_result]] struct static_file *static_file_load(
    const char *dir, const char *relpath, const char *content_type);
void static_file_free(struct static_file *a);

/* The content as it is without a coding; valid as long as the asset. */
struct slice static_file_content(const struct static_file *a);

/*
 * Answers a GET or HEAD whole: the representation that Accept-Encoding asks for, with ETag (strong:
 * the content's SHA-256, and its coding), Vary and the Cache-Control given; 304 when If-None-Match
 * has it.
 */
void static_file_reply(
    struct http_exchange *x, const struct static_file *a, const char *cache_control);

/*
 * The same in two steps, for more headers (a page's Content-Security-Policy) or another status (an
 * error page): reply_start(x, static_file_status(x, a)), reply_header()…, static_file_reply_body().
 * static_file_status() is 200, or 304 when the client has it; then no body is sent.
 */
int static_file_status(const struct http_exchange *x, const struct static_file *a);
void static_file_reply_body(
    struct http_exchange *x, const struct static_file *a, const char *cache_control);

#endif

/*
 * Static files: read into memory at startup, with the .br and .gz siblings that the build left next
 * to them. No request opens a file.
 */
#ifndef WORKERD_HTTP_STATIC_FILES_H
#define WORKERD_HTTP_STATIC_FILES_H

#include "workerd/http/reply.h"

/* Bytes of a file, at most; a larger one fails with EFBIG. */
#define STATIC_FILE_MAX (16u * 1024 * 1024)

struct static_file;

/*
 * Reads dir/relpath and, if they exist, dir/relpath.br and dir/relpath.gz. The content type is
 * borrowed. NULL with errno: of open(2) or read(2), EFBIG, EISDIR, ENAMETOOLONG. The file must
 * outlive the server that sends it. Aborts when out of memory.
 */
[[gnu::warn_unused_result]] struct static_file *static_file_load(
    const char *dir, const char *relpath, const char *content_type);
void static_file_free(struct static_file *a);

/* The content without a coding; valid as long as the file. */
struct slice static_file_content(const struct static_file *a);

/*
 * Replies to a GET or HEAD: selects the coding by Accept-Encoding, sends ETag (strong: the SHA-256
 * of the content, and the coding), Vary and the given Cache-Control; 304 if If-None-Match matches.
 */
void static_file_reply(
    struct http_exchange *x, const struct static_file *a, const char *cache_control);

/*
 * static_file_reply() in two steps, to add headers (a page's Content-Security-Policy) or use
 * another status (an error page): reply_start(x, static_file_status(x, a)), reply_header()…,
 * static_file_reply_body(). static_file_status() is 200, or 304 if the client has the file; then no
 * body is sent.
 */
int static_file_status(const struct http_exchange *x, const struct static_file *a);
void static_file_reply_body(
    struct http_exchange *x, const struct static_file *a, const char *cache_control);

#endif

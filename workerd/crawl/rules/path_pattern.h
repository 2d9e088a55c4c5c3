/*
 * Patterns of paths, as in robots.txt (RFC 9309, section 2.2.3): a pattern matches paths that begin with it; "*"
 * stands for any characters, and "$" at the end for the end of the path. Sources' include and exclude lists use them, too.
 */
#ifndef WORKERD_CRAWL_RULES_PATH_PATTERN_H
#define WORKERD_CRAWL_RULES_PATH_PATTERN_H

#include "proto/base/buf.h"

/* Appends the normal form of a pattern or, for path_pattern_matches(), of the path of a URL: escapes are those of
 * url.h, and in a path "*" and "$" are escaped. 0, or -1 if out is full. */
[[gnu::warn_unused_result]] int path_pattern_add(struct buf *out, struct slice pattern);
[[gnu::warn_unused_result]] int path_pattern_add_path(struct buf *out, struct slice path);

/* Whether a pattern matches a path, both in normal form; in linear time. */
bool path_pattern_matches(struct slice pattern, struct slice path);

/* Whether one of the patterns, one a line, matches the path of an address in normal form. Empty lines match nothing.
 * A pattern that is a whole address counts with its path. */
bool path_pattern_any(struct slice lines, struct slice path);

#endif

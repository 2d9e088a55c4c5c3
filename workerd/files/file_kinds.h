/*
 * What a file is, by its first bytes, never by its name. Anything else than the kinds of file_kinds.def is unknown, such as
 * SVG, HTML and programs.
 */
#ifndef WORKERD_FILES_FILE_KINDS_H
#define WORKERD_FILES_FILE_KINDS_H

#include <stdbool.h>

#include "proto/base/buf.h"

enum file_kind {
#define KIND(NAME, name, type, extension) FILE_##NAME,
#include "workerd/files/file_kinds.def"
	FILE_KINDS,
};

/* All kinds, as a set of 1 << enum file_kind. */
#define FILE_KINDS_ALL ((1u << FILE_KINDS) - 1)

/* The kind of a file that begins with these bytes; whole: they are all of it. FILE_KINDS: unknown. */
enum file_kind file_kind_of(struct slice start, bool whole);

/* The name of a kind in settings, its media type, and the extension of its files, with the dot. */
const char *file_kind_name(enum file_kind kind);
const char *file_kind_type(enum file_kind kind);
const char *file_kind_extension(enum file_kind kind);

/* The kind with this name, or media type; FILE_KINDS: there is none. */
enum file_kind file_kind_named(struct slice name);
enum file_kind file_kind_typed(struct slice type);

#endif

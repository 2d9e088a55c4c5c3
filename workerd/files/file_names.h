/*
 * Names of files as people read them, from what clients send.
 */
#ifndef WORKERD_FILES_FILE_NAMES_H
#define WORKERD_FILES_FILE_NAMES_H

#include "proto/base/buf.h"
#include "workerd/files/file_kinds.h"

/* Bytes of a name, with its NUL: FILE_RECORD has one less. */
#define FILE_NAME_SIZE 256

/*
 * Writes the last part of a path, without control characters, those that change the direction of text (Unicode, UAX 9) and
 * those that the file systems of clients do not allow. A long one loses characters before its extension. "file" if nothing
 * is left. name: valid UTF-8.
 */
void file_name_clean(struct slice name, char out[FILE_NAME_SIZE]);

/* Writes a description without the characters that control a device or the direction of text. out has room for all of it. */
void file_description_clean(struct slice text, struct buf *out);

/* Appends a Content-Disposition's value (RFC 6266): a download with this name. kind: of a file that browsers show, whose extension
 * the name gets; FILE_KINDS: they save it. */
void file_name_disposition(struct slice name, enum file_kind kind, struct buf *out);

#endif

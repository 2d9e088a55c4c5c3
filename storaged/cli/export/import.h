/*
 * `banter import` of what `banter export` wrote. Importing a line again is harmless, so an interrupted import is simply
 * repeated.
 */
#ifndef STORAGED_CLI_EXPORT_IMPORT_H
#define STORAGED_CLI_EXPORT_IMPORT_H

#include <stdbool.h>

/* Imports a file, or standard input ("-"). force: also one with a wrong checksum. json: print the report as JSON.
 * Returns the exit status. */
int import_export(const char *path, const char *socket, bool force, bool json);

#endif

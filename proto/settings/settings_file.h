/*
 * Checks the file that the environment was read from (.env, banter.env). systemd and `make run`, which
 * read it, ignore invalid lines and unknown names silently.
 */
#ifndef PROTO_SETTINGS_SETTINGS_FILE_H
#define PROTO_SETTINGS_SETTINGS_FILE_H

#include <stdio.h>

/* Writes a warning for each line that sets nothing, and for each name that banter does not know,
 * with a similar known name. Never writes a value. A missing file has no warnings. */
void settings_check_file(const char *path, FILE *warnings);

#endif

/*
 * The static files: the widget's bundle, the dashboard's pages, the demo pages. Read once at start
 * from where the build or the package put them.
 */
#ifndef WORKERD_API_PAGES_PAGES_H
#define WORKERD_API_PAGES_PAGES_H

#include "proto/settings/settings.h"

struct pages;

/*
 * Reads the files of ASSET_DIR, or of the place that belongs to this program: the source tree for
 * build/workerd, PREFIX/share/banter for an installed one. What is missing is logged, and answered
 * with 404.
 */
struct pages *pages_load(const struct settings *settings);
void pages_free(struct pages *p);

#endif

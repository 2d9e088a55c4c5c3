/*
 * Static files: the widget's files, the dashboard, the demo pages. Read once at start, from where the
 * build or the package put them.
 */
#ifndef WORKERD_API_PAGES_PAGES_H
#define WORKERD_API_PAGES_PAGES_H

#include "proto/settings/settings.h"
#include "workerd/api/request/api_call.h"

struct pages;

/*
 * Reads the files of ASSET_DIR or, if that is unset, of the place that belongs to this program: the
 * source tree for build/workerd, PREFIX/share/banter for an installed one. Missing files are logged and
 * answered with 404.
 */
struct pages *pages_load(const struct settings *settings);
void pages_free(struct pages *p);

/* The handlers; workerd/api/routes.def has their paths. */
api_handler_fn handle_widget_bundle;
api_handler_fn handle_widget_embed;
api_handler_fn handle_widget_file;
api_handler_fn handle_widget_language;
api_handler_fn handle_page_dashboard;
api_handler_fn handle_page_asset;
api_handler_fn handle_page_chat;
api_handler_fn handle_page_widget_test;
api_handler_fn handle_page_headless_test;
api_handler_fn handle_page_demo;

/* Answers a browser's request for an unknown path: 404 with the dashboard, which says so. */
api_handler_fn page_unknown;

#endif

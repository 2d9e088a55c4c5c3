/*
 * Widgets: what a site embeds, by a public id that can be changed. Each names its agent.
 */
#ifndef STORAGED_RECORDS_WIDGETS_H
#define STORAGED_RECORDS_WIDGETS_H

#include "storaged/request/call.h"

/* Widgets of an organization; WIDGET_PUT is refused (LIMIT) beyond. */
#define WIDGETS_MAX 1000u

/* MDB_NOTFOUND: there is none, or none by this public id in any organization. The record's slices are
 * as those of txn_get(). */
[[gnu::warn_unused_result]] int widget_find(struct txn *t, const struct id *org,
    const struct id *widget, struct msg_widget_record *record);
[[gnu::warn_unused_result]] int widget_find_public(
    struct txn *t, struct slice public_id, struct msg_widget_record *record);

/* Whether a widget of the organization names this agent. */
[[gnu::warn_unused_result]] int widget_names_agent(
    struct txn *t, const struct id *org, const struct id *agent, bool *names);

/* Makes a widget with the defaults of API.md, section 7, at this time (ms since 1970): any site may
 * embed it, and nobody is asked who they are. There must be none with its id or public id. */
[[gnu::warn_unused_result]] int widget_make_plain(struct txn *t, const struct id *org,
    const struct id *widget, const struct id *agent, struct slice public_id, uint64_t now);

/* MSG_IMPORT_RECORD of one. */
[[gnu::warn_unused_result]] int widget_import(
    struct txn *t, struct call *c, const struct msg_widget_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int widget_put(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int widget_get(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int widget_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int widget_delete(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int widget_reset(struct txn *t, struct call *c);

#endif

/*
 * Widgets: a site embeds one by its public id, which can be changed. Each names its agent.
 */
#ifndef STORAGED_RECORDS_WIDGETS_H
#define STORAGED_RECORDS_WIDGETS_H

#include "storaged/records/records.h"

#define WIDGETS_MAX 1000u /* of an organization */

extern const struct record_kind widget_kind;

/* Looks a widget up, by id or by public id in any organization. 0, MDB_NOTFOUND or an error as of
 * txn_get(), whose slices *record has. */
[[gnu::warn_unused_result]] int widget_find(struct txn *t, const struct id *org,
    const struct id *widget, struct msg_widget_record *record);
[[gnu::warn_unused_result]] int widget_find_public(
    struct txn *t, struct slice public_id, struct msg_widget_record *record);

/* Sets *names if a widget of the organization names this agent. */
[[gnu::warn_unused_result]] int widget_names_agent(
    struct txn *t, const struct id *org, const struct id *agent, bool *names);

/* Creates a widget with the defaults of API.md, section 7, at this time (ms since 1970): any site may embed
 * it, and it asks visitors for no contact. Its id and its public id must be unused. */
[[gnu::warn_unused_result]] int widget_make_plain(struct txn *t, const struct id *org,
    const struct id *widget, const struct id *agent, struct slice public_id, uint64_t now);

/* MSG_WIDGET_RESET. */
[[gnu::warn_unused_result]] int handle_widget_reset(struct txn *t, struct call *c);

#endif

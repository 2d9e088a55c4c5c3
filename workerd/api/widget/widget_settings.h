/*
 * A widget's settings: a JSON object whose members are those of widget_settings.def. The store keeps the text that
 * this module wrote: only known members with valid values, in the order of the table.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_SETTINGS_H
#define WORKERD_API_WIDGET_WIDGET_SETTINGS_H

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"
#include "workerd/api/fields/fields.h"

/* An object of settings, stored as struct slice: its JSON; empty: no member is set. Each invalid member gets an
 * error of its own, under its path ("settings.launcher.style"). */
extern const struct field_kind field_widget_settings;

/* Whether requiredFields, if set, names only contact details that the widget collects, and at least one. */
bool widget_settings_fit(const struct msg_widget_record *widget);

/* Contact details (a set of enum contact_field) without which the widget's visitors cannot write: all that it
 * collects, or those of the setting requiredFields. 0: the widget requires none. */
unsigned widget_settings_required(const struct msg_widget_record *widget);

/* Contact details (a set of enum contact_field) that the widget's visitors may give: those that it collects, and the
 * e-mail of one who waits for a person while nobody is there (operators.askEmail). 0: none. */
unsigned widget_settings_taken(const struct msg_widget_record *widget);

/* Writes the member `settings` for a page: that of the widget, and in `files`, if visitors may send some, the server's limits. */
void widget_settings_write_page(struct json_writer *j, const struct msg_widget_record *widget,
    const struct settings *limits);

/* The kinds of files that visitors may send (a set of 1 << enum file_kind); 0: none. */
unsigned widget_settings_files(const struct msg_widget_record *widget);

#endif

/*
 * What was found for a reply, as its worker reports it with the end of the turn.
 */
#ifndef STORAGED_TURNS_TURN_SOURCES_H
#define STORAGED_TURNS_TURN_SOURCES_H

#include "storaged/conversations/turn_view.h"

/* Stores the question of a reply that has ended as a gap, if the content had no answer; or removes that gap, if it had
 * one in another run. sources: checked, as for reply_sources_are_valid(). */
[[gnu::warn_unused_result]] int turn_note_gap(
    struct txn *t, const struct turn_view *v, struct slice sources);

#endif

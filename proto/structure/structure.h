/*
 * What a message offers beside its text: buttons, cards or a form, as a list of STRUCTURE_PARTs (messages.def). It is one of
 *
 *	1 to 6 buttons or links
 *	1 to 5 cards, each followed by at most 3 buttons or links
 *	1 to 8 fields
 *
 * The names of its buttons or fields differ. The message's text says the same in words, for clients that do not know
 * structures: its lead comes first, then structure_write_words().
 *
 * storaged checks each structure before it is stored, so that readers of the store need not.
 */
#ifndef PROTO_STRUCTURE_STRUCTURE_H
#define PROTO_STRUCTURE_STRUCTURE_H

#include "proto/ipc/messages.h"

#define STRUCTURE_BUTTONS_MAX      6
#define STRUCTURE_CARDS_MAX        5
#define STRUCTURE_CARD_BUTTONS_MAX 3
#define STRUCTURE_FIELDS_MAX       8
#define STRUCTURE_CHOICES_MAX      20
#define STRUCTURE_NAME_MAX         24 /* characters of a name: a-z, 0-9, _ and - */

/* UTF-16 code units. */
#define STRUCTURE_BUTTON_MAX  60  /* of a button's or link's label */
#define STRUCTURE_TITLE_MAX   120 /* of a card's title, a field's label, a choice */
#define STRUCTURE_TEXT_MAX    600 /* of a card's text, and of what a visitor agrees to */
#define STRUCTURE_CONSENT_MAX STRUCTURE_TEXT_MAX
#define STRUCTURE_CHOICE_MAX  80

#define STRUCTURE_URL_MAX   2048  /* bytes */
#define STRUCTURE_PARTS_MAX 16384 /* bytes of the list (messages.def) */
#define STRUCTURE_WORDS_MAX 32768 /* bytes that structure_write_words() needs at most */

/* Whether it is a field of a form. */
static inline bool
structure_is_field(uint8_t kind)
{
	return kind >= PART_TEXT;
}

/* What is wrong with a name, a line, a text or an address (http or https, without spaces) within its bounds; NULL: nothing. The
 * sentence continues the member's name. */
[[gnu::warn_unused_result]] const char *structure_name_wrong(struct slice name);
[[gnu::warn_unused_result]] const char *structure_label_wrong(
    const struct msg_structure_part *part);
[[gnu::warn_unused_result]] const char *structure_url_wrong(struct slice url);

/* What is wrong with one part by itself, or NULL; *member is the name of the field of STRUCTURE_PART. */
[[gnu::warn_unused_result]] const char *structure_part_wrong(
    const struct msg_structure_part *part, const char **member);

/* What is wrong with a list of parts, or NULL. An empty list is good: there is no structure. */
[[gnu::warn_unused_result]] const char *structure_wrong(struct slice parts);

/* Finds the button or the field with this name; false: there is none. */
[[gnu::warn_unused_result]] bool structure_find(
    struct slice parts, struct slice name, struct msg_structure_part *part);

/* Takes the next line from the text of a choice; false: there is none left. */
[[gnu::warn_unused_result]] bool structure_next_choice(
    struct slice *text, struct slice *choice);

/* Appends what a structure says in words: a line for each part, without words of any language. out has room for
 * STRUCTURE_WORDS_MAX bytes. */
void structure_write_words(struct slice parts, struct buf *out);

/* Appends a message's text: the lead, then the words. out has room for both and 2 bytes. */
void structure_write_text(struct slice lead, struct slice parts, struct buf *out);

#endif

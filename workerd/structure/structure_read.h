/*
 * Structures of messages as JSON: the one reader of what operators, API clients and models write.
 *
 *	{"buttons": [{"name"?, "label"}, {"label", "url"}]}
 *	{"cards": [{"title", "text"?, "picture"?, "buttons"?}]}
 *	{"form": [{"name"?, "kind", "label", "required"?, "choices"?, "version"?, "url"?}]}
 *
 * A button or field without a name is named by its number, from 1 on.
 */
#ifndef WORKERD_STRUCTURE_STRUCTURE_READ_H
#define WORKERD_STRUCTURE_STRUCTURE_READ_H

#include "proto/settings/setting_values.h"
#include "proto/structure/structure.h"

#define STRUCTURE_FAULTS_MAX 16 /* further ones are not reported */
#define STRUCTURE_AT_MAX     80

struct json_t;

/* What is wrong with a structure. */
struct structure_faults {
	size_t n;
	struct structure_fault {
		char at[STRUCTURE_AT_MAX]; /* such as "cards[0].title"; empty: the whole */
		const char *should;        /* "must be …" */
	} items[STRUCTURE_FAULTS_MAX];
};

/*
 * Reads a structure and appends its parts to an empty buffer of STRUCTURE_PARTS_MAX bytes. False: faults say why. NULL and null are
 * no structure. pictures: origins that cards may show pictures of.
 */
[[gnu::warn_unused_result]] bool structure_read(const struct json_t *value,
    const struct origin_list *pictures, struct buf *parts, struct structure_faults *faults);

/* Whether all pictures are of these origins. */
[[gnu::warn_unused_result]] bool structure_read_allows(
    struct slice parts, const struct origin_list *pictures);

/*
 * Reads a visitor's answer and appends its parts to an empty buffer of STRUCTURE_PARTS_MAX bytes. Returns what is wrong, or NULL.
 *
 *	{"message": id, "button": name}
 *	{"message": id, "values": {name: text, number or boolean}}
 */
[[gnu::warn_unused_result]] const char *structure_read_answer(
    const struct json_t *value, struct buf *parts);

#endif

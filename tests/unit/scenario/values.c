#include "tests/unit/scenario/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/unit/scenario/scenario.h"

struct name {
	SLIST_ENTRY(name) link;
	const char *name;
	struct id id;
	uint64_t number;
	struct slice bytes;
};

struct chunk {
	SLIST_ENTRY(chunk) link;
	_Alignas(max_align_t) uint8_t bytes[];
};

struct values {
	SLIST_HEAD(, name) names;
	SLIST_HEAD(, chunk) chunks;
};

struct values *
values_new(void)
{
	struct values *v = xcalloc(1, sizeof(*v));

	values_name_id(v, "default_org", &id_default_org);
	values_name_id(v, "default_widget", &id_default_widget);
	values_name_id(v, "default_agent", &id_default_agent);
	values_name_id(v, "none", &(struct id){{0}});
	return v;
}

void
values_free(struct values *v)
{
	struct chunk *chunk;

	while ((chunk = SLIST_FIRST(&v->chunks)) != NULL) {
		SLIST_REMOVE_HEAD(&v->chunks, link);
		free(chunk);
	}
	free(v);
}

void *
values_alloc(struct values *v, size_t size)
{
	struct chunk *chunk = xcalloc(1, sizeof(*chunk) + size);

	SLIST_INSERT_HEAD(&v->chunks, chunk, link);
	return chunk->bytes;
}

static struct name *
find_name(struct values *v, const char *name)
{
	struct name *n;

	SLIST_FOREACH(n, &v->names, link)
	if (strcmp(n->name, name) == 0)
		return n;
	return NULL;
}

/* NULL if the name is known; "+name" may be. */
static struct name *
add_name(struct values *v, const char *name)
{
	bool again = name[0] == '+';
	struct name *n = find_name(v, name + again);
	char *copy;

	if (n != NULL)
		return again ? n : NULL;
	name += again;
	copy = values_alloc(v, strlen(name) + 1);
	memcpy(copy, name, strlen(name) + 1);
	n = values_alloc(v, sizeof(*n));
	n->name = copy;
	SLIST_INSERT_HEAD(&v->names, n, link);
	return n;
}

bool
values_name_id(struct values *v, const char *name, const struct id *id)
{
	struct name *n = add_name(v, name);

	if (n != NULL)
		n->id = *id;
	return n != NULL;
}

bool
values_name_number(struct values *v, const char *name, uint64_t number)
{
	struct name *n = add_name(v, name);

	if (n != NULL)
		n->number = number;
	return n != NULL;
}

bool
values_name_bytes(struct values *v, const char *name, struct slice bytes)
{
	struct name *n = add_name(v, name);
	uint8_t *copy;

	if (n == NULL)
		return false;
	copy = values_alloc(v, bytes.len + 1);
	if (bytes.len > 0)
		memcpy(copy, bytes.p, bytes.len);
	n->bytes = (struct slice){copy, bytes.len};
	return true;
}

void
values_show_names(struct values *v, char *text)
{
	const struct name *n;

	SLIST_FOREACH(n, &v->names, link)
	{
		char id[ID_TEXT_LEN + 1], *at;

		if (id_is_zero(&n->id) || strlen(n->name) > ID_TEXT_LEN)
			continue;
		id_format(&n->id, id);
		while ((at = strstr(text, id)) != NULL) {
			char *rest = stpcpy(at, n->name);

			memmove(rest, at + ID_TEXT_LEN, strlen(at + ID_TEXT_LEN) + 1);
		}
	}
}

static const struct name *
known_name(struct values *v, const char *name)
{
	const struct name *n = find_name(v, name);

	if (n == NULL)
		scenario_fail("nothing has the name %s", name);
	return n;
}

struct id
values_id(struct values *v, const char *word)
{
	struct name *n = find_name(v, word[0] == '$' || word[0] == '+' ? word + 1 : word);
	struct id id;

	if (word[0] == '$')
		return known_name(v, word + 1)->id;
	if (n != NULL && word[0] != '+')
		return n->id;
	id = id_new();
	if (n != NULL)
		n->id = id;
	else if (strcmp(word, "new") != 0)
		values_name_id(v, word[0] == '+' ? word + 1 : word, &id);
	return id;
}

struct id
values_known_id(struct values *v, const char *name)
{
	return known_name(v, name)->id;
}

/* The character behind a backslash; *p moves behind it. */
static uint8_t
escaped(const char **p)
{
	static const char from[] = "nrt\"\\", to[] = "\n\r\t\"\\";
	const char *found = strchr(from, **p);
	unsigned byte;

	if (**p == 'x' && sscanf(*p + 1, "%2x", &byte) == 1) {
		*p += 3;
		return (uint8_t)byte;
	}
	if (**p == '\0' || found == NULL)
		scenario_fail("\\%c stands for nothing", **p);
	(*p)++;
	return (uint8_t)to[found - from];
}

/* Reads a word or a quoted text, up to "*N"; returns its length. */
static size_t
read_text(const char **word, uint8_t *out)
{
	bool quoted = **word == '"';
	const char *p = *word + quoted;
	size_t n = 0;

	while (*p != '\0' && *p != (quoted ? '"' : '*')) {
		if (quoted && *p == '\\') {
			p++;
			out[n++] = escaped(&p);
		} else {
			out[n++] = (uint8_t)*p++;
		}
	}
	*word = p + (quoted && *p == '"');
	return n;
}

struct hash256
values_hash(const char *word)
{
	uint8_t text[256];
	size_t n;

	if (strcmp(word, "none") == 0)
		return (struct hash256){{0}};
	if (strlen(word) > sizeof(text))
		scenario_fail("%s is too long", word);
	n = read_text(&word, text);
	return secret_hash((struct slice){text, n});
}

/* "A+B": the ids as text, a space between. */
static struct slice
ids_as_text(struct values *v, const char *names)
{
	char *text = values_alloc(v, (strlen(names) + 1) * (ID_TEXT_LEN + 1)), *end = text;
	char *copy = values_alloc(v, strlen(names) + 1), *name;

	memcpy(copy, names, strlen(names) + 1);
	while ((name = strsep(&copy, "+")) != NULL) {
		struct id id = values_known_id(v, name);

		if (end > text)
			*end++ = ' ';
		id_format(&id, end);
		end += ID_TEXT_LEN;
	}
	return slice_str(text);
}

/* "A+B": the bytes of the ids. */
static struct slice
ids_as_bytes(struct values *v, const char *names)
{
	uint8_t *bytes = values_alloc(v, (strlen(names) + 1) * sizeof(struct id)), *end = bytes;
	char *copy = values_alloc(v, strlen(names) + 1), *name;

	memcpy(copy, names, strlen(names) + 1);
	while ((name = strsep(&copy, "+")) != NULL) {
		struct id id = values_known_id(v, name);

		memcpy(end, id.b, sizeof(id.b));
		end += sizeof(id.b);
	}
	return (struct slice){bytes, (size_t)(end - bytes)};
}

struct slice
values_bytes(struct values *v, const char *word)
{
	size_t times = 1, n, size = strlen(word) + 1;
	uint8_t *text = values_alloc(v, size), *all;

	if (word[0] == '$')
		return known_name(v, word + 1)->bytes;
	if (word[0] == '~') {
		struct id visitor = values_id(v, word + 1);
		char *session = values_alloc(v, ID_TEXT_LEN + 2);

		session[0] = '~';
		id_format(&visitor, session + 1);
		return slice_str(session);
	}
	if (strncmp(word, "text:", 5) == 0)
		return ids_as_text(v, word + 5);
	if (strncmp(word, "bytes:", 6) == 0)
		return ids_as_bytes(v, word + 6);
	n = read_text(&word, text);
	if (word[0] == '*')
		times = strtoul(word + 1, NULL, 10);
	all = values_alloc(v, n * times + 1);
	for (size_t i = 0; i < times; i++)
		memcpy(all + i * n, text, n);
	return (struct slice){all, n * times};
}

/* Words that no list of words.def has. */
static const char *const budget_changes[] = {[CHANGE_DAY_REACHED] = "day_reached",
    [CHANGE_DAY_HALF] = "day_half",
    [CHANGE_DAY_MOST] = "day_most",
    [CHANGE_MONTH_REACHED] = "month_reached",
    [CHANGE_MONTH_HALF] = "month_half",
    [CHANGE_MONTH_MOST] = "month_most"};
static const char *const asks[] = {
    [ASK_CRAWL] = "crawl", [ASK_REMOVE] = "remove", [ASK_KEEP] = "keep"};
static const char *const seen[] = {[PASSAGE_CHUNK] = "source", [PASSAGE_ANSWER] = "answer"};
static const char *const inbox_changes[] = {[INBOX_STATE] = "state",
    [INBOX_ASSIGNED] = "assigned",
    [INBOX_TAGS] = "tags",
    [INBOX_SNOOZED] = "snoozed",
    [INBOX_READ] = "read",
    [INBOX_TAGS_DIFFER] = "differ"};
static const char *const state_sets[] = {[1u << STATE_OPEN] = "open",
    [1u << STATE_WAITING] = "waiting",
    [1u << STATE_PERSON] = "person",
    [1u << STATE_RESOLVED] = "resolved"};
static const char *const user_changes[] = {[USER_NAME] = "name",
    [USER_ROLE] = "role",
    [USER_PASSWORD] = "password",
    [USER_PICTURE] = "picture"};
static const char *const errors[] = {NULL, "full", "not_found", "invalid", "internal",
    "conflict", "taken", "gone", "contact_required", "capped", "disabled", "exists", "in_use",
    "limit", "last_owner", "stale", "damaged", "busy", "poisoned", "not_ready", "budget",
    "is_standby", "read_only", "denied", "share", "share_waits", "blocked"};

#define OWN(words)     (words), ARRAY_LEN(words)
#define LISTED(values) values##_words, SIZE_MAX

/* The words of fields; message NULL: of any message. The first match counts. */
static const struct {
	const char *message, *field, *const *words;
	size_t n; /* SIZE_MAX: a NULL ends them */
} enums[] = {
    {"conversation_record", "status", LISTED(conversation_status)},
    {"conversation_list", "status", LISTED(conversation_status)},
    {NULL, "status", LISTED(message_status)},
    {"delivery_record", "state", LISTED(delivery_state)},
    {"invitation", "state", LISTED(invitation_state)},
    {"return_record", "kind", LISTED(return_kind)},
    {"file_record", "check", LISTED(file_check)},
    {"file_state", "check", LISTED(file_check)},
    {"mail_record", "kind", LISTED(mail_kind)},
    {"mail_record", "state", LISTED(mail_state)},
    {"source_page_record", "state", LISTED(page_state)},
    {"source_state_record", "state", LISTED(source_state)},
    {"source_record", "kind", LISTED(source_kind)},
    {"source_ask", "ask", OWN(asks)},
    {"gap_record", "state", LISTED(gap_state)},
    {"passage_ref", "kind", LISTED(passage_kind)},
    {"content_item", "kind", LISTED(passage_kind)},
    {"content_see", "kind", OWN(seen)},
    {"content_read", "knowledge", LISTED(knowledge)},
    {"sources_record", "outcome", LISTED(found_outcome)},
    {NULL, "state", LISTED(conversation_state)},
    {"message_record", "role", LISTED(message_role)},
    {NULL, "rating", LISTED(message_rating)},
    {NULL, "role", LISTED(user_role)},
    {NULL, "contact_mode", LISTED(contact_mode)},
    {NULL, "position", LISTED(widget_position)},
    {"change_record", "kind", LISTED(change_kind)},
    {"change_record", "what", LISTED(change_what)},
    {"change_record", "what", OWN(budget_changes)},
    {NULL, "availability", LISTED(availability)},
    {NULL, "people", LISTED(duty_people)},
    {"key_record", "kind", LISTED(key_kind)},
    {"block_record", "kind", LISTED(blocked_kind)},
    {"conversation_change", "what", OWN(inbox_changes)},
    {NULL, "states", OWN(state_sets)},
    {NULL, "what", OWN(user_changes)},
    {"error", "code", OWN(errors)},
};

/* Whether word number i exists; a list of its own may have gaps. */
static bool
enum_has(size_t e, uint64_t i)
{
	return enums[e].n == SIZE_MAX ? enums[e].words[i] != NULL : i < enums[e].n;
}

static bool
find_enum_word(const char *word, const char *message, const char *field, uint64_t *number)
{
	for (size_t i = 0; field != NULL && i < ARRAY_LEN(enums); i++) {
		if (strcmp(enums[i].field, field) != 0 ||
		    (enums[i].message != NULL &&
			(message == NULL || strcmp(enums[i].message, message) != 0)))
			continue;
		for (*number = 0; enum_has(i, *number); (*number)++)
			if (enums[i].words[*number] != NULL &&
			    strcmp(enums[i].words[*number], word) == 0)
				return true;
	}
	return false;
}

/* "name" or "name+N" */
static uint64_t
known_number(struct values *v, const char *word)
{
	const char *plus = strchr(word, '+');
	size_t len = plus == NULL ? strlen(word) : (size_t)(plus - word);
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	return known_name(v, name)->number + (plus == NULL ? 0 : strtoull(plus, NULL, 10));
}

/* "word+word": a set of enum values. False: a part is not one of the field's words. */
static bool
find_enum_set(const char *words, const char *message, const char *field, uint64_t *set)
{
	const char *plus = strchr(words, '+');
	size_t len = plus == NULL ? strlen(words) : (size_t)(plus - words);
	uint64_t number;
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)len, words);
	if (!find_enum_word(word, message, field, &number))
		return false;
	*set |= number;
	return plus == NULL || find_enum_set(plus + 1, message, field, set);
}

uint64_t
values_number(struct values *v, const char *word, const char *message, const char *field)
{
	bool now = strncmp(word, "now", 3) == 0;
	const char *digits = word + (now ? 3 : 0);
	uint64_t number = 0;
	char *end;

	if (word[0] == '$')
		return known_number(v, word + 1);
	if (find_enum_set(word, message, field, &number))
		return number;
	number = strtoull(digits, &end, 0);
	if (*end != '\0' || (*digits == '\0' && !now))
		scenario_fail("%s is not a number", word);
	return now ? clock_wall_ms() + number : number;
}

/*
 * Rows of the store's tables.
 */
#include "tests/unit/storaged/steps/store_world.h"

static void
append_part(struct world *w, struct key *key, const char *part)
{
	uint64_t number;
	struct slice bytes;
	struct id id;
	struct hash256 hash;
	uint8_t big[8];
	char text[ID_TEXT_LEN + 1];
	size_t skip = 0;

	if (strncmp(part, "hash:", 5) == 0) {
		hash = values_hash(part + 5);
		bytes = (struct slice){hash.b, sizeof(hash.b)};
	} else if (strncmp(part, "text:", 5) == 0) {
		id = values_known_id(w->values, part + 5);
		id_format(&id, text);
		bytes = slice_str(text);
	} else if (part[0] == '"') {
		bytes = values_bytes(w->values, part);
	} else if (strncmp(part, "u32:", 4) == 0 || strchr("0123456789~", part[0]) != NULL) {
		skip = part[0] == 'u' ? 4 : 0;
		number = strtoull(part + (part[0] == '~' ? 1 : skip), NULL, 10);
		if (part[0] == '~')
			number = ~number;
		for (size_t i = 0; i < 8; i++)
			big[i] = (uint8_t)(number >> (56 - 8 * i));
		bytes = (struct slice){big + skip, 8 - skip};
	} else {
		id = values_known_id(w->values, part);
		bytes = (struct slice){id.b, sizeof(id.b)};
	}
	if (key->len + bytes.len > sizeof(key->b))
		scenario_fail("the key is too long");
	memcpy(key->b + key->len, bytes.p, bytes.len);
	key->len += bytes.len;
}

struct key
key_named(struct world *w, const char *text)
{
	struct key key = {0};
	struct words one;
	char *part;

	copy_words(w, &text, 1, &one);
	for (char *rest = (char *)(uintptr_t)one.word[0]; (part = strsep(&rest, ",")) != NULL;)
		append_part(w, &key, part);
	return key;
}

enum table
table_named(const char *name)
{
	for (enum table i = 0; i < TABLES; i++)
		if (strcmp(table_name(i), name) == 0)
			return i;
	scenario_fail("there is no table \"%s\"", name);
}

/* A step about a row: VERB TABLE KEY VALUE ... */
struct row {
	enum table table;
	struct key key;
	const char *const *values;
	size_t n;
};

/* A copy of a row's value; fails the scenario if there is no such row. */
static struct slice
row_value(struct world *w, enum table table, const struct key *key)
{
	struct slice value;
	uint8_t *copy;

	if (get_entry(w->f, table, key, &value) != 0)
		scenario_fail("there is no such row");
	copy = values_alloc(w->values, value.len + 1);
	memcpy(copy, value.p, value.len);
	return (struct slice){copy, value.len};
}

static void
write_row(struct world *w, const struct row *row, struct slice value)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &w->f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, row->table, &row->key, value), 0);
	assert_int_equal(txn_commit(&t), 0);
	w->f->damaged = true;
}

static void
expect_row(struct world *w, const struct row *row)
{
	struct slice value = row_value(w, row->table, &row->key);

	if (row->values[0][0] == '{')
		message_text_expect_record(w->values, row->values[0], value);
	else if (!slice_eq(values_bytes(w->values, row->values[0]), value))
		scenario_fail("the row has %zu other bytes", value.len);
}

static void
expect_no_row(struct world *w, const struct row *row)
{
	struct slice value;

	if (get_entry(w->f, row->table, &row->key, &value) != MDB_NOTFOUND)
		scenario_fail("there is such a row");
}

static void
put_row(struct world *w, const struct row *row)
{
	write_row(w, row,
	    row->values[0][0] == '{' ? message_text_record(w->values, row->values[0])
				     : values_bytes(w->values, row->values[0]));
}

static void
set_row(struct world *w, const struct row *row)
{
	const char *name = table_name(row->table);
	char record[64]; /* "user_record" of "users" */

	snprintf(record, sizeof(record), "%.*s_record",
	    (int)strlen(name) - (row->table != TABLE_TOTALS), name);
	write_row(w, row,
	    message_text_changed(w->values, message_text_desc(record), row->values, row->n,
		row_value(w, row->table, &row->key)));
}

static void
copy_row(struct world *w, const struct row *row)
{
	struct key from = key_named(w, row->values[0]);

	write_row(w, row, row_value(w, row->table, &from));
}

static void
lead_row(struct world *w, const struct row *row)
{
	struct key to = key_named(w, row->values[0]);

	write_row(w, row, key_slice(&to));
}

static void
delete_row(struct world *w, const struct row *row)
{
	delete_entry(w->f, row->table, row->key);
	w->f->damaged = true;
}

static void
damage_row(struct world *w, const struct row *row)
{
	write_row(w, row, slice_str("damaged"));
}

static const struct {
	const char *name;
	void (*run)(struct world *w, const struct row *row);
	size_t values; /* at least */
	void (*act)(struct fixture *f, enum table table, const struct key *key);
} row_verbs[] = {
    {"row", expect_row, 1, NULL},
    {"no_row", expect_no_row, 0, NULL},
    {"put", put_row, 1, NULL},
    {"set", set_row, 1, NULL},
    {"copy", copy_row, 1, NULL},
    {"lead", lead_row, 1, NULL},
    {"delete", delete_row, 0, NULL},
    {"damage", damage_row, 0, NULL},
    {"damage_page", .act = damage_page},
    {"flip_bit", .act = flip_bit},
    {"flip_key", .act = flip_key},
    {"lengthen_key", .act = lengthen_key},
    {"start_dies", .act = start_dies},
    {"start_survives", .act = start_survives},
};

/* False: there is no such verb. */
bool
row_step(struct world *w, const struct words *step)
{
	for (size_t i = 0; i < ARRAY_LEN(row_verbs); i++) {
		struct row row;

		if (strcmp(row_verbs[i].name, step->word[0]) != 0)
			continue;
		if (step->n < 3 + row_verbs[i].values)
			scenario_fail("%s of what?", step->word[0]);
		row = (struct row){table_named(step->word[1]), key_named(w, step->word[2]),
		    step->word + 3, step->n - 3};
		if (row_verbs[i].act != NULL)
			row_verbs[i].act(w->f, row.table, &row.key);
		else
			row_verbs[i].run(w, &row);
		return true;
	}
	return false;
}

#include "workerd/crawl/extract/html/html_faq.h"

#include <bsd/stdlib.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "workerd/crawl/extract/html/html_tree.h"

#define DATA_MAX  ((size_t)1 << 20) /* bytes of one script */
#define PAIRS_MAX 300

struct reading {
	html_faq_fn *fn;
	void *arg;
	size_t pairs;
};

void
html_faq_load(void)
{
	/* It would open /dev/urandom. */
	json_object_seed(arc4random() | 1);
}

/* Many members may have one value, or an array of them: the number of values, and the value at i. */
static size_t
html_faq_count(const json_t *value)
{
	return json_is_array(value) ? json_array_size(value) : value != NULL;
}

static const json_t *
html_faq_at(const json_t *value, size_t i)
{
	return json_is_array(value) ? json_array_get(value, i) : value;
}

/* A member; its name may have the prefix that many give to schema.org. */
static const json_t *
html_faq_get(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);
	char name[32];

	if (value != NULL)
		return value;
	(void)snprintf(name, sizeof(name), "schema:%s", member);
	return json_object_get(object, name);
}

/* Whether the object is of this type, which may have the address of schema.org or its prefix before it. */
static bool
html_faq_is(const json_t *object, const char *type)
{
	const json_t *types = json_object_get(object, "@type");

	for (size_t i = 0; i < html_faq_count(types); i++) {
		const char *name = json_string_value(html_faq_at(types, i));
		const size_t n = name == NULL ? 0 : strlen(name), len = strlen(type);

		if (n >= len && strcmp(name + n - len, type) == 0 &&
		    (n == len || name[n - len - 1] == '/' || name[n - len - 1] == ':'))
			return true;
	}
	return false;
}

static struct slice
html_faq_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(html_faq_at(html_faq_get(object, member), 0));

	return slice_str(text == NULL ? "" : text);
}

/* The accepted answer, or else the first suggested one. */
static struct slice
html_faq_answer(const json_t *question)
{
	static const char *const members[] = {"acceptedAnswer", "suggestedAnswer"};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const json_t *answer = html_faq_at(html_faq_get(question, members[i]), 0);
		const struct slice text = html_faq_text(answer, "text");

		if (text.len > 0)
			return text;
	}
	return slice_str("");
}

static void
html_faq_take_question(struct reading *r, const json_t *question)
{
	struct slice name = html_faq_text(question, "name"), answer = html_faq_answer(question);

	if (name.len == 0)
		name = html_faq_text(question, "text");
	if (name.len > 0 && answer.len > 0 && r->pairs < PAIRS_MAX) {
		r->pairs++;
		r->fn(r->arg, name, answer);
	}
}

/* The values that are still to be visited, the next one last. */
struct values {
	const json_t **at;
	size_t n, room;
};

static void
html_faq_push(struct values *values, const json_t *value)
{
	if (!json_is_object(value) && !json_is_array(value))
		return;
	if (values->n == values->room) {
		values->room = values->room == 0 ? 64 : 2 * values->room;
		values->at = xreallocarray(values->at, values->room, sizeof(values->at[0]));
	}
	values->at[values->n++] = value;
}

/* Pushes what is in an object or an array, so that the first is visited first. */
static void
html_faq_push_inner(struct values *values, const json_t *value)
{
	const size_t first = values->n;
	const char *key;
	json_t *member;

	for (size_t i = 0; i < json_array_size(value); i++)
		html_faq_push(values, json_array_get(value, i));
	json_object_foreach ((json_t *)(uintptr_t)value, key, member)
		html_faq_push(values, member);
	for (size_t i = first, k = values->n; i + 1 < k; i++, k--) {
		const json_t *one = values->at[i];

		values->at[i] = values->at[k - 1];
		values->at[k - 1] = one;
	}
}

static bool
html_faq_is_page(const json_t *value)
{
	return html_faq_is(value, "FAQPage") || html_faq_is(value, "QAPage");
}

/* Takes all questions, wherever they are: in a page of them, in the page around that, or beside it in a graph and named there
 * by their ids. Some leave out the type. */
static void
html_faq_take_questions(struct reading *r, const json_t *data)
{
	struct values values = {0};

	html_faq_push(&values, data);
	while (values.n > 0) {
		const json_t *value = values.at[--values.n];

		if (html_faq_is(value, "Question") || html_faq_answer(value).len > 0)
			html_faq_take_question(r, value);
		else
			html_faq_push_inner(&values, value);
	}
	free(values.at);
}

/* Whether there is a page of questions: those of others, such as a quiz, are not read. */
static bool
html_faq_has_page(const json_t *data)
{
	struct values values = {0};
	bool has = false;

	html_faq_push(&values, data);
	while (values.n > 0 && !has) {
		const json_t *value = values.at[--values.n];

		has = html_faq_is_page(value);
		html_faq_push_inner(&values, value);
	}
	free(values.at);
	return has;
}

/* Removes the comment or the section that some systems write around the data. */
static struct slice
html_faq_data(struct slice text)
{
	static const char section[] = "<![CDATA[";
	const uint8_t *inside =
	    text.len == 0 ? NULL : memmem(text.p, text.len, section, strlen(section));

	if (inside != NULL)
		text = (struct slice){inside + strlen(section),
		    text.len - (size_t)(inside - text.p) - strlen(section)};
	while (text.len > 0 && text.p[0] != '{' && text.p[0] != '[')
		text = (struct slice){text.p + 1, text.len - 1};
	return text;
}

/* Whether the comma at i is the last one of an object or an array. */
static bool
html_faq_is_last_comma(struct slice text, size_t i)
{
	for (i++; i < text.len && text.p[i] <= ' '; i++)
		continue;
	return i < text.len && (text.p[i] == '}' || text.p[i] == ']');
}

/* Line ends in texts, and commas before an end, are common, though JSON does not allow them. */
static void
html_faq_copy(uint8_t *to, struct slice text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.p[i];

		to[i] = c < ' ' ? ' ' : c;
		if (quoted && c == '\\' && i + 1 < text.len) {
			i++;
			to[i] = text.p[i] < ' ' ? ' ' : text.p[i];
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && c == ',' && html_faq_is_last_comma(text, i)) {
			to[i] = ' ';
		}
	}
}

static void
html_faq_take_script(struct reading *r, struct slice script)
{
	const struct slice text = html_faq_data(script);
	struct buf copy;
	uint8_t *p;
	json_t *data;

	buf_init(&copy, DATA_MAX);
	p = buf_reserve(&copy, text.len);
	if (p != NULL)
		html_faq_copy(p, text);
	data = p == NULL ? NULL
			 : json_loadb((const char *)p, text.len, JSON_DISABLE_EOF_CHECK, NULL);
	if (html_faq_has_page(data))
		html_faq_take_questions(r, data);
	json_decref(data);
	buf_clear(&copy);
}

/* The type may have parameters. */
static bool
html_faq_is_data(const xmlNode *script)
{
	static const char type[] = "application/ld+json";
	const struct slice value = html_tree_value(script, "type");

	return value.len >= strlen(type) &&
	    strncasecmp((const char *)value.p, type, strlen(type)) == 0;
}

void
html_faq_read(xmlNode *root, html_faq_fn *fn, void *arg)
{
	struct reading r = {.fn = fn, .arg = arg};

	for (xmlNode *node = root; node != NULL;
	     node = html_tree_next(root, node, true, NULL, NULL))
		if (node->type == XML_ELEMENT_NODE && html_tree_is(node, "script") &&
		    html_faq_is_data(node) && node->children != NULL)
			html_faq_take_script(&r, html_tree_text(node->children));
}

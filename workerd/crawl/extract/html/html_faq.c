#include "workerd/crawl/extract/html/html_faq.h"

#include <bsd/stdlib.h>
#include <jansson.h>
#include <string.h>

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

/* Whether the object is of this type, which may have the address of schema.org before it. */
static bool
html_faq_is(const json_t *object, const char *type)
{
	const json_t *types = json_object_get(object, "@type");

	for (size_t i = 0; i < html_faq_count(types); i++) {
		const char *name = json_string_value(html_faq_at(types, i));
		const char *slash = name == NULL ? NULL : strrchr(name, '/');

		if (name != NULL && strcmp(slash == NULL ? name : slash + 1, type) == 0)
			return true;
	}
	return false;
}

static struct slice
html_faq_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return slice_str(text == NULL ? "" : text);
}

/* The accepted answer, or else the first suggested one. */
static struct slice
html_faq_answer(const json_t *question)
{
	static const char *const members[] = {"acceptedAnswer", "suggestedAnswer"};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const json_t *answer = html_faq_at(json_object_get(question, members[i]), 0);
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

static void
html_faq_take_page(struct reading *r, const json_t *page)
{
	const json_t *questions = json_object_get(page, "mainEntity");

	if (!html_faq_is(page, "FAQPage") && !html_faq_is(page, "QAPage"))
		return;
	for (size_t i = 0; i < html_faq_count(questions); i++)
		html_faq_take_question(r, html_faq_at(questions, i));
}

/* The objects of a script, also those of its graphs. */
static void
html_faq_take_data(struct reading *r, const json_t *data)
{
	for (size_t i = 0; i < html_faq_count(data); i++) {
		const json_t *object = html_faq_at(data, i);
		const json_t *graph = json_object_get(object, "@graph");

		html_faq_take_page(r, object);
		for (size_t k = 0; k < html_faq_count(graph); k++)
			html_faq_take_page(r, html_faq_at(graph, k));
	}
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

/* Line ends in texts are common, though JSON does not allow them. */
static void
html_faq_take_script(struct reading *r, struct slice script)
{
	const struct slice text = html_faq_data(script);
	struct buf copy;
	uint8_t *p;
	json_t *data;

	buf_init(&copy, DATA_MAX);
	p = buf_reserve(&copy, text.len);
	for (size_t i = 0; p != NULL && i < text.len; i++)
		p[i] = text.p[i] < ' ' ? ' ' : text.p[i];
	data = p == NULL ? NULL
			 : json_loadb((const char *)p, text.len, JSON_DISABLE_EOF_CHECK, NULL);
	html_faq_take_data(r, data);
	json_decref(data);
	buf_clear(&copy);
}

void
html_faq_read(xmlNode *root, html_faq_fn *fn, void *arg)
{
	struct reading r = {.fn = fn, .arg = arg};

	for (xmlNode *node = root; node != NULL;
	     node = html_tree_next(root, node, true, NULL, NULL))
		if (node->type == XML_ELEMENT_NODE && html_tree_is(node, "script") &&
		    html_tree_has_word(node, "type", "application/ld+json") &&
		    node->children != NULL)
			html_faq_take_script(&r, html_tree_text(node->children));
}

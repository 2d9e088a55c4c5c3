/*
 * A widget's settings: what is stored of a body, the error of each invalid member, and the contact details that
 * they require.
 */
#include "workerd/api/widget/widget_settings.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/json_text.h"
#include "tests/unit/unit.h"
#include "workerd/api/widget/widget_fields.h"

/* What is stored of the settings, or the errors; both have ' in place of ". */
static const char *
read_settings(const char *settings, struct msg_widget_record *widget)
{
	static char text[65536];
	char body[8192];
	struct slice json, told;
	struct fields in;

	(void)snprintf(body, sizeof(body), "{'settings':%s}", settings);
	json = json_text(body);
	assert_null(fields_parse(json, &in));
	fields_read(&in, widget_fields, true, widget);
	widget_check(&in, widget);
	told = in.n_wrong > 0 ? fields_wrong(&in) : widget->settings;
	(void)snprintf(text, sizeof(text), "%.*s", (int)told.len, (const char *)told.p);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '"' ? '\'' : *c;
	fields_clear(&in);
	json_text_free(json);
	return text;
}

TEST(valid_settings_are_stored_in_the_order_of_the_table)
{
	static const char *const cases[][2] = {
	    {"null", ""},
	    {"{}", ""},
	    {"{'theme':null,'launcher':null,'teaser':{'text':null}}", "{'teaser':{}}"},
	    {"{'sound':true,'theme':'dark'}", "{'theme':'dark','sound':true}"},
	    {"{'locale':'auto'}", "{'locale':'auto'}"},
	    {"{'locale':'zh-Hant-TW'}", "{'locale':'zh-Hant-TW'}"},
	    {"{'launcher':{'text':' Help ','style':'text'}}",
		"{'launcher':{'style':'text','text':'Help'}}"},
	    {"{'avatar':'https://a.example/a.png?b=1'}",
		"{'avatar':'https://a.example/a.png?b=1'}"},
	    {"{'avatar':''}", "{'avatar':''}"},
	    {"{'disclosure':{'link':'https://intranet:8443/a(b)#c(d)'}}",
		"{'disclosure':{'link':'https://intranet:8443/a(b)#c(d)'}}"},
	    {"{'zIndex':0,'offsetX':500}", "{'zIndex':0,'offsetX':500}"},
	    {"{'zIndex':2147483647}", "{'zIndex':2147483647}"},
	    {"{'starters':[' a ','b']}", "{'starters':['a','b']}"},
	    {"{'teaser':{'paths':['/*','*.html'],'delaySeconds':0}}",
		"{'teaser':{'delaySeconds':0,'paths':['/*','*.html']}}"},
	    {"{'texts':{'send':'Go','de':{'send':'Los','title':''},'pt-BR':{}}}",
		"{'texts':{'send':'Go','de':{'send':'Los','title':''},'pt-BR':{}}}"},
	    {"{'requiredFields':['email','name']}", "{'requiredFields':['email','name']}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg_widget_record widget = {.collects = CONTACT_NAME | CONTACT_EMAIL};

		assert_string_equal(read_settings(cases[i][0], &widget), cases[i][1]);
	}
}

/* Whether visitors read that an AI answers: nobody takes that away by setting something else. */
TEST(the_notice_of_an_ai_stays_unless_it_is_given)
{
#define ON  "{'disclosure':{'show':true}}"
#define OFF "{'disclosure':{'show':false}}"
	static const char *const cases[][3] = {
	    {ON, "{'sound':true}", "{'sound':true,'disclosure':{'show':true}}"},
	    {ON, "{}", ON},
	    {ON, "{'disclosure':null}", ON},
	    {ON, "{'disclosure':{'text':'A'}}", "{'disclosure':{'show':true,'text':'A'}}"},
	    {ON, "{'disclosure':{'show':null}}", "{'disclosure':{}}"},
	    {ON, OFF, OFF},
	    {OFF, "{'rating':true}", "{'rating':true,'disclosure':{'show':false}}"},
	    {"{'rating':true}", "{'sound':true}", "{'sound':true}"},
	    {ON, "null", ""},
	};
#undef ON
#undef OFF

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct slice before = json_text(cases[i][0]);
		struct msg_widget_record widget = {.settings = before};

		assert_string_equal(read_settings(cases[i][1], &widget), cases[i][2]);
		json_text_free(before);
	}
}

TEST(each_invalid_setting_has_an_error)
{
	static const char *const cases[][2] = {
	    {"[]", "'settings':'must be an object, or null'"},
	    {"{'color':1}", "'settings.color':'is unknown'"},
	    {"{'teaser':{'color':1}}", "'settings.teaser.color':'is unknown'"},
	    {"{'style':'icon'}", "'settings.style':'is unknown'"},
	    {"{'teaser':1}", "'settings.teaser':'must be an object'"},
	    {"{'theme':'red'}", "'settings.theme':'must be auto, light or dark'"},
	    {"{'sound':1,'rating':'x'}",
		"'settings.sound':'must be true or false',"
		"'settings.rating':'must be true or false'"},
	    {"{'locale':'d'}",
		"'settings.locale':'must be auto or a language such as de or pt-BR'"},
	    {"{'offsetX':501}", "'settings.offsetX':'must be a whole number from 0 to 500'"},
	    {"{'offsetY':-1}", "'settings.offsetY':'must be a whole number from 0 to 500'"},
	    {"{'radius':1.5}", "'settings.radius':'must be a whole number from 0 to 40'"},
	    {"{'starters':['']}",
		"'settings.starters':'must be a list of at most 6 lines of 1 to 100 "
		"characters'"},
	    {"{'teaser':{'paths':['shop']}}",
		"'settings.teaser.paths':'must be a list of at most 20 paths such as /shop/* "
		"of at most 200 characters'"},
	    {"{'disclosure':{'link':'http://a.example/'}}",
		"'settings.disclosure.link':'must be an https:// URL with a host and without a "
		"user, of "
		"at most 2000 characters, such as https://example.com/privacy'"},
	    {"{'disclosure':{'link':'https://a.example/#b c'}}",
		"'settings.disclosure.link':'must be an https:// URL with a host and without a "
		"user, of "
		"at most 2000 characters, such as https://example.com/privacy'"},
	    {"{'requiredFields':['fax']}",
		"'settings.requiredFields':'must be a list of name, email and phone'"},
	    {"{'requiredFields':['phone']}",
		"'settings.requiredFields':'must be a list of contact details that the widget "
		"collects'"},
	    {"{'requiredFields':[]}",
		"'settings.requiredFields':'must be a list of contact details that the widget "
		"collects'"},
	    {"{'texts':{'a b':'x'}}",
		"'settings.texts.a b':'must be named by the key of a text or a language'"},
	    {"{'texts':{'de':{'send':1}}}",
		"'settings.texts.de.send':'must be a text of at most 500 characters, or in a "
		"language such as de an object of texts'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg_widget_record widget = {.collects = CONTACT_NAME | CONTACT_EMAIL};

		assert_string_equal(read_settings(cases[i][0], &widget), cases[i][1]);
	}
}

TEST(addresses_of_pictures_are_https)
{
	static const char *const wrong[] = {"http://a.example/", "https://", "https:///a",
	    "//a.example", "javascript:alert(1)", "https://a.example/ b",
	    "https://a.example/\\\"", "https://a.example/)", "https://a.example/\\u00e9"};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct msg_widget_record widget = {0};
		char settings[128];

		(void)snprintf(settings, sizeof(settings), "{'avatar':'%s'}", wrong[i]);
		assert_non_null(
		    strstr(read_settings(settings, &widget), "'settings.avatar':'must be an"));
	}
}

TEST(settings_that_are_too_long_are_refused)
{
	struct msg_widget_record widget = {0};
	struct fields in;
	struct buf body;

	buf_init(&body, 65536);
	assert_int_equal(buf_append_str(&body, "{\"settings\":{\"texts\":{\"a\":\"\""), 0);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(buf_printf(&body, ",\"a%u\":\"%0500d\"", i, 0), 0);
	assert_int_equal(buf_append_str(&body, "}}}"), 0);
	assert_null(fields_parse(buf_slice(&body), &in));
	fields_read(&in, widget_fields, true, &widget);
	assert_true(slice_eq_str(fields_wrong(&in),
	    "\"settings\":\"must be shorter: at most 16384 bytes of JSON\""));
	fields_clear(&in);
	buf_clear(&body);
}

TEST(required_contact_details_are_all_that_are_collected_or_those_of_the_setting)
{
	static const struct {
		enum contact_mode mode;
		const char *settings;
		unsigned required;
	} cases[] = {
	    {CONTACT_NONE, "", 0},
	    {CONTACT_OPTIONAL, "{\"requiredFields\":[\"email\"]}", 0},
	    {CONTACT_REQUIRED, "", CONTACT_NAME | CONTACT_EMAIL},
	    {CONTACT_REQUIRED, "{\"theme\":\"dark\"}", CONTACT_NAME | CONTACT_EMAIL},
	    {CONTACT_REQUIRED, "{\"requiredFields\":[\"email\"]}", CONTACT_EMAIL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct msg_widget_record widget = {.contact_mode = (uint8_t)cases[i].mode,
		    .collects = CONTACT_NAME | CONTACT_EMAIL,
		    .settings = slice_str(cases[i].settings)};

		assert_int_equal(widget_settings_required(&widget), cases[i].required);
	}
}

TEST_MAIN(NULL, NULL)

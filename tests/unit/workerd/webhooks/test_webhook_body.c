/*
 * The bodies of deliveries.
 */
#include "workerd/webhooks/webhook_body.h"

#include "tests/unit/unit.h"

static struct buf out;

static const char *
body(void)
{
	assert_int_equal(buf_append(&out, "", 1), 0);
	return (const char *)buf_data(&out);
}

FIXTURE(set_up)
{
	buf_init(&out, WEBHOOK_BODY_MAX);
}

FIXTURE(tear_down)
{
	buf_clear(&out);
}

FIXTURE_TEST(an_event_has_its_ids)
{
	const struct msg_webhook_record webhook = {.id = {{1}}, .org = {{2}}};
	struct msg_delivery_record d = {.n = 7,
	    .kind = CHANGE_MESSAGE,
	    .change = CHANGE_CREATED,
	    .object = {{3}},
	    .conversation = {{4}},
	    .at = 5};

	webhook_body_event(&out, &webhook, &d);
	assert_string_equal(body(),
	    "{\"delivery\":\"01000000-0000-0000-0000-000000000000-7\","
	    "\"webhookId\":\"01000000-0000-0000-0000-000000000000\","
	    "\"organizationId\":\"02000000-0000-0000-0000-000000000000\",\"seq\":7,"
	    "\"kind\":\"message\",\"id\":\"03000000-0000-0000-0000-000000000000\","
	    "\"conversationId\":\"04000000-0000-0000-0000-000000000000\","
	    "\"change\":\"created\",\"at\":5}");
}

/* Neither mentions nor links of a visitor's text have an effect. */
FIXTURE_TEST(a_visitors_text_cannot_control_the_chat)
{
	struct msg_conversation_record conversation = {
	    .id = {{1}}, .last_message = slice_str("<!channel> \"a\" & @everyone")};

	webhook_body_waiting(&out, WEBHOOK_SLACK, &conversation);
	assert_string_equal(body(),
	    "{\"text\":\"A visitor waits for a person (conversation "
	    "01000000-0000-0000-0000-000000000000).\\n"
	    "&lt;!channel&gt; \\\"a\\\" &amp; @everyone\"}");
	buf_reset(&out);
	webhook_body_waiting(&out, WEBHOOK_DISCORD, &conversation);
	assert_string_equal(body(),
	    "{\"content\":\"A visitor waits for a person (conversation "
	    "01000000-0000-0000-0000-000000000000).\\n"
	    "<!channel> \\\"a\\\" & @everyone\",\"allowed_mentions\":{\"parse\":[]}}");
}

FIXTURE_TEST(a_long_message_is_cut)
{
	char text[1501];
	struct msg_conversation_record conversation = {.last_message = {(uint8_t *)text, 1500}};

	memset(text, '&', sizeof(text));
	webhook_body_waiting(&out, WEBHOOK_SLACK, &conversation);
	assert_true(buf_len(&out) < 300 * strlen("&amp;") + 200);
	assert_true(buf_len(&out) > 300 * strlen("&amp;"));
}

TEST_MAIN(NULL, NULL)

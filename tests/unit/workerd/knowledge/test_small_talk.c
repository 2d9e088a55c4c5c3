/*
 * Messages that need no information.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/knowledge/small_talk.h"

TEST(a_message_of_greetings_and_thanks_is_small_talk)
{
	static const char *const messages[] = {"", "?", "...", "👍", "hi", "Hi!",
	    "HELLO there :)", "Hi, good morning!", "thanks", "Thank you very much!!",
	    "ok thanks bye", "What's up?", "Guten Tag", "Grüß Gott!", "GRÜSS GOTT",
	    "Vielen Dank, tschüss", "Bonjour", "merci beaucoup", "Ça va ?", "¡Hola! ¿Qué tal?",
	    "buenos dias", "muchas gracias", "Ciao, come stai?", "Olá, tudo bem?", "Привет!",
	    "Большое спасибо", "Dzień dobry", "dziekuje", "teşekkür ederim", "مرحبا", "שלום",
	    "こんにちは", "ありがとうございます。", "你好！", "谢谢，再见", "안녕하세요",
	    "감사합니다!", "สวัสดีครับ", "नमस्ते", "Xin chào", "Hello, I have a question"};

	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		if (!small_talk_is(slice_str(messages[i])))
			fail_msg("not small talk: %s", messages[i]);
}

TEST(a_request_for_a_person_needs_no_information)
{
	static const char *const messages[] = {"Talk to a person",
	    "Hi, can I talk to a human please?", "I'd like to speak to someone.",
	    "HUMAN PLEASE!", "Mit einem Menschen sprechen",
	    "Hallo, kann ich mit einem Mitarbeiter sprechen?", "Parler à une personne",
	    "Bonjour, je voudrais parler à un conseiller s'il vous plaît",
	    "Quiero hablar con una persona", "Hablar con una persona", "Parla con una persona",
	    "担当者と話す", "상담원과 대화", "Met een mens praten", "Porozmawiaj z człowiekiem",
	    "Falar com uma pessoa", "Bir insanla görüş", "联系人工客服", "التحدث إلى شخص",
	    "לדבר עם אדם"};
	static const char *const others[] = {"Talk to a person about refunds",
	    "How many people work there?", "Can I return shoes?", "Kann ich mit Karte zahlen?"};

	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		if (!small_talk_is(slice_str(messages[i])))
			fail_msg("needs information: %s", messages[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (small_talk_is(slice_str(others[i])))
			fail_msg("needs none: %s", others[i]);
}

TEST(a_message_with_any_other_word_is_none)
{
	static const char *const messages[] = {"Refunds?", "hi, how much is shipping",
	    "Hello, where is my order 1234?", "thanks, but what about Norway", "1234",
	    "How is the weather", "Danke, und der Versand?", "Bonjour, livrez-vous en Suisse ?",
	    "Hola, precios", "你好，运费多少", "こんにちは、送料は？", "안녕하세요 배송비",
	    "Привет, цены", "สวัสดี ราคา", "goodness", "hiking"};

	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		if (small_talk_is(slice_str(messages[i])))
			fail_msg("small talk: %s", messages[i]);
}

TEST(a_long_message_is_none)
{
	char text[4096];

	for (size_t i = 0; i < sizeof(text); i += 4)
		memcpy(text + i, "hi, ", 4);
	assert_true(small_talk_is((struct slice){(const uint8_t *)text, 300}));
	assert_false(small_talk_is((struct slice){(const uint8_t *)text, sizeof(text)}));
}

TEST_MAIN(NULL, NULL)

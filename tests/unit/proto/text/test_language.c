/*
 * The language of a text.
 */
#include "proto/text/language.h"
#include "tests/unit/unit.h"

static const struct {
	const char *text, *language;
} texts[] = {
    {"Where do I find the invoice of my last order?", "en"},
    {"Wie lange dauert der Versand, und was kostet er?", "de"},
    {"Combien de temps la livraison prend-elle et que puis-je faire si elle est en retard ?",
	"fr"},
    {"\xc2\xbf"
     "C\xc3\xb3mo puedo devolver un producto que no me gusta?",
	"es"},
    {"Come posso restituire un prodotto che non mi piace? Il rimborso \xc3\xa8 gratuito.",
	"it"},
    {"Como posso devolver um produto? N\xc3\xa3o gostei do meu pedido e quero saber o que "
     "fazer.",
	"pt"},
    {"Hoe kan ik een product terugsturen dat niet aan mijn wensen voldoet?", "nl"},
    {"Hur kan jag returnera en vara som inte passar?", "sv"},
    {"Hvordan kan jeg returnere en vare efter k\xc3\xb8"
     "bet, hvis den ikke passer? Hvad koster det?",
	"da"},
    {"Miten voin palauttaa tuotteen, jos se ei ole sopiva?", "fi"},
    {"Jak mog\xc4\x99 zwr\xc3\xb3"
     "ci\xc4\x87 produkt, kt\xc3\xb3ry mi si\xc4\x99 nie podoba?",
	"pl"},
    {"\xc3\x9cr\xc3\xbcn\xc3\xbc nas\xc4\xb1l iade edebilirim ve ne kadar s\xc3\xbcrer?", "tr"},
    {"\xd0\x9a\xd0\xb0\xd0\xba \xd0\xb2\xd0\xb5\xd1\x80\xd0\xbd\xd1\x83\xd1\x82\xd1\x8c "
     "\xd1\x82\xd0\xbe\xd0\xb2\xd0\xb0\xd1\x80?",
	"ru"},
    {"\xd0\xaf\xd0\xba "
     "\xd0\xbf\xd0\xbe\xd0\xb2\xd0\xb5\xd1\x80\xd0\xbd\xd1\x83\xd1\x82\xd0\xb8 "
     "\xd0\xb7\xd0\xb0\xd0\xbc\xd0\xbe\xd0\xb2\xd0\xbb\xd0\xb5\xd0\xbd\xd0\xbd\xd1\x8f, "
     "\xd1\x97\xd1\x85 \xd1\x96?",
	"uk"},
    {"\xe9\x80\x80\xe8\xb4\xa7\xe6\x94\xbf\xe7\xad\x96", "zh"},
    {"\xe8\xbf\x94\xe5\x93\x81\xe3\x81\xaf\xe3\x81\xa7\xe3\x81\x8d\xe3\x81\xbe\xe3\x81\x99\xe3"
     "\x81\x8b",
	"ja"},
    {"\xeb\xb0\x98\xed\x92\x88", "ko"},
    {"\xce\xb5\xcf\x80\xce\xb9\xcf\x83\xcf\x84\xcf\x81\xce\xbf\xcf\x86\xce\xae", "el"},
    {"\xd8\xa5\xd8\xb1\xd8\xac\xd8\xa7\xd8\xb9", "ar"},
    {"", ""},
    {"12345 !!", ""},
    {"Xerxes Quux", ""},
};

TEST(a_language_is_recognized_by_its_script_or_its_words)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_string_equal(
		    language_detect(slice_str(texts[i].text)), texts[i].language);
}

static const struct {
	const char *tag, *language;
} tags[] = {
    {"de", "de"},
    {"de-AT", "de"},
    {"EN_us", "en"},
    {"nb-NO", "no"},
    {"ckb", "ckb"},
    {"x-klingon", ""},
    {"german", ""},
    {"d", ""},
    {"", ""},
    {"d@", ""},
};

TEST(the_language_of_a_tag_is_its_first_part)
{
	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		char language[LANGUAGE_MAX + 1];

		language_from_tag(slice_str(tags[i].tag), language);
		assert_string_equal(language, tags[i].language);
	}
}

TEST_MAIN(NULL, NULL)

#include "proto/text/language.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

#define SAMPLE_MAX 16384
#define WORD_BYTES 16   /* longer ones are no frequent words */
#define SLOTS      4096 /* of the table of words: a power of two */

/* The most frequent words of a language, those that few others have first. */
static const struct language_words {
	const char *code, *words;
} language_words[] = {
    {"en",
	"the and of to is in that for with you are this not be on it as or have from by at was "
	"can will if your "
	"which how what do does we they an my i where when there"},
    {"de",
	"der die und das ist nicht ein eine zu den mit von auf für sich dem des werden wird im "
	"auch es sie ich wir "
	"kann bei oder wie nach einer einem einen aus zum zur sind haben wenn was ihr ihre wo"},
    {"fr",
	"le la les et des est une du dans que pour pas qui sur vous au avec ce par sont il "
	"plus ne se nous cette "
	"votre être ou comment aux mais son sa ses leur je quel quelle où d'un d'une c'est"},
    {"es",
	"el los las y que una por con para del se es su no como más al lo está este esta son "
	"pero puede sus fue "
	"usted cómo qué hay muy si ser cuando desde donde dónde mi yo"},
    {"it",
	"il di che è per una del con non della sono le gli nel si alla più anche dei da delle "
	"questo come ha lo "
	"alle essere può dal ma i nella o quando dove mio"},
    {"pt",
	"não uma os que para com do da em um dos das se por mais no na são pelo pela ao ou seu "
	"sua você é como mas foi "
	"está isso ser também quando onde meu eu"},
    {"nl",
	"het een van en is dat niet zijn voor met op aan te de er wordt ook bij naar deze als "
	"uw je kan worden door hoe "
	"wij ik waar maar om uit heeft"},
    {"sv",
	"och att det som är en på för inte av med ett den till har kan om de du när eller från "
	"vi hur jag var ska "
	"din mitt"},
    {"da",
	"og at det er ikke en på for af med et den til har kan som de du når eller fra vi "
	"hvordan jeg være bliver hvad "
	"din mit efter"},
    {"no",
	"og ikke det er som en på for av med et den til har kan de du når eller fra vi hvordan "
	"jeg være blir hva din "
	"mitt etter"},
    {"fi",
	"ja on ei se että ovat oli kun mutta tai jos voi joka myös sekä niin kuin mitä miten "
	"ole tämä voit kanssa "
	"sinun minun missä"},
    {"hu",
	"a az és hogy nem egy is van vagy meg ez csak de ha mint már még kell lehet hogyan "
	"volt azt ezt mi én hol"},
    {"ro",
	"și în de la cu este nu pe care un o din mai pentru sunt se să sau ca prin fi dacă cum "
	"ce al unde meu"},
    {"tr",
	"ve bir bu için ile de da olarak olan ne nasıl çok daha gibi veya değil en kadar sonra "
	"her var mı ben nerede"},
    {"pl",
	"i w nie na się że jest do z to jak o za od po przez dla czy są może oraz ale lub "
	"który które co gdzie mój"},
    {"cs",
	"a je se na že v s z o pro jak by ale do jsou nebo od jako za po při může které který "
	"co není kde můj"},
    {"ca",
	"i el la els les de que per amb una no és del al es són com més aquest aquesta o però "
	"pot seva on meu"},
    {"eu",
	"eta da ez dira bat du izan den zen ere baina edo dute hau duen egin behar nola non "
	"nire"},
    {"id",
	"yang dan di ini itu dengan untuk dari tidak pada dalam adalah akan ke bisa atau juga "
	"saya anda bagaimana apa "
	"ada kami oleh mana"},
};

#define LANGUAGES ARRAY_LEN(language_words)

/* Scripts that show the language by themselves. */
enum language_script {
	SCRIPT_LATIN,
	SCRIPT_GREEK,
	SCRIPT_CYRILLIC,
	SCRIPT_ARMENIAN,
	SCRIPT_HEBREW,
	SCRIPT_ARABIC,
	SCRIPT_DEVANAGARI,
	SCRIPT_TAMIL,
	SCRIPT_THAI,
	SCRIPT_HANGUL,
	SCRIPT_KANA,
	SCRIPT_HAN,
	SCRIPTS,
	SCRIPT_NONE = SCRIPTS,
};

static const struct {
	uint32_t first, last;
	enum language_script script;
} language_ranges[] = {
    {'A', 'Z', SCRIPT_LATIN},
    {'a', 'z', SCRIPT_LATIN},
    {0xc0, 0x24f, SCRIPT_LATIN},
    {0x370, 0x3ff, SCRIPT_GREEK},
    {0x400, 0x52f, SCRIPT_CYRILLIC},
    {0x530, 0x58f, SCRIPT_ARMENIAN},
    {0x590, 0x5ff, SCRIPT_HEBREW},
    {0x600, 0x6ff, SCRIPT_ARABIC},
    {0x900, 0x97f, SCRIPT_DEVANAGARI},
    {0xb80, 0xbff, SCRIPT_TAMIL},
    {0xe00, 0xe7f, SCRIPT_THAI},
    {0x1e00, 0x1eff, SCRIPT_LATIN},
    {0x3040, 0x30ff, SCRIPT_KANA},
    {0x3400, 0x9fff, SCRIPT_HAN},
    {0xac00, 0xd7af, SCRIPT_HANGUL},
};

struct language_sample {
	size_t scripts[SCRIPTS];
	bool ukrainian, serbian; /* letters of one language */
	unsigned hits[LANGUAGES];
	uint8_t word[WORD_BYTES];
	size_t word_len; /* over WORD_BYTES: too long */
};

/* A word of the table, and the languages that have it. */
static struct language_slot {
	uint8_t len;
	uint32_t languages;
	const char *word;
} language_slots[SLOTS];

static struct language_slot *
language_find(const void *word, size_t len)
{
	const uint8_t *p = word;
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	for (;; h++) {
		struct language_slot *slot = &language_slots[h & (SLOTS - 1)];

		if (slot->len == 0 || (slot->len == len && memcmp(slot->word, word, len) == 0))
			return slot;
	}
}

static void
language_fill(void)
{
	static bool filled;

	for (size_t i = 0; i < LANGUAGES && !filled; i++) {
		const char *word = language_words[i].words;

		while (*word != '\0') {
			size_t len = strcspn(word, " ");
			struct language_slot *slot = language_find(word, len);

			slot->word = word;
			slot->len = (uint8_t)len;
			slot->languages |= UINT32_C(1) << i;
			word += len + strspn(word + len, " ");
		}
	}
	filled = true;
}

/* A word that few languages have says more. */
static void
language_count_word(struct language_sample *s)
{
	uint32_t languages = 0;

	if (s->word_len > 0 && s->word_len <= WORD_BYTES)
		languages = language_find(s->word, s->word_len)->languages;
	for (size_t i = 0; i < LANGUAGES && languages != 0; i++)
		if (languages & UINT32_C(1) << i)
			s->hits[i] += 12 / (unsigned)__builtin_popcount(languages);
	s->word_len = 0;
}

static enum language_script
language_script_of(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(language_ranges); i++)
		if (c >= language_ranges[i].first && c <= language_ranges[i].last)
			return language_ranges[i].script;
	return SCRIPT_NONE;
}

/* Lower case of the letters that the words have. */
static uint32_t
language_lower(uint32_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7))
		return c + 32;
	if (c >= 0x100 && c <= 0x17f && c != 0x130 && c != 0x131 && c != 0x138 && c != 0x149)
		return (c >= 0x139 && c <= 0x148) || c >= 0x179 ? c + (c & 1) : c | 1;
	return c == 0x218 || c == 0x21a ? c + 1 : c;
}

static void
language_add_letter(struct language_sample *s, uint32_t c)
{
	uint8_t bytes[4];
	size_t n = utf8_encode(language_lower(c), bytes);

	if (s->word_len + n > WORD_BYTES) {
		s->word_len = WORD_BYTES + 1;
		return;
	}
	memcpy(s->word + s->word_len, bytes, n);
	s->word_len += n;
}

static uint32_t
language_decode(const uint8_t *p, size_t n)
{
	static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = p[0] & masks[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

static void
language_add(struct language_sample *s, uint32_t c)
{
	enum language_script script = language_script_of(c);

	if (script == SCRIPT_LATIN || (c == '\'' && s->word_len > 0))
		language_add_letter(s, c);
	else
		language_count_word(s);
	if (script != SCRIPT_NONE)
		s->scripts[script]++;
	s->ukrainian |= c == 0x456 || c == 0x457 || c == 0x454 || c == 0x491;
	s->serbian |= c == 0x452 || c == 0x458 || c == 0x459 || c == 0x45a || c == 0x45b;
}

static const char *
language_by_words(const struct language_sample *s)
{
	size_t best = 0;
	unsigned second = 0;

	for (size_t i = 1; i < LANGUAGES; i++)
		if (s->hits[i] > s->hits[best])
			best = i;
	for (size_t i = 0; i < LANGUAGES; i++)
		if (i != best && s->hits[i] > second)
			second = s->hits[i];
	return s->hits[best] > second && s->hits[best] >= 12 ? language_words[best].code : "";
}

static const char *
language_by_script(const struct language_sample *s)
{
	static const char *const codes[SCRIPTS] = {
	    "", "el", "ru", "hy", "he", "ar", "hi", "ta", "th", "ko", "ja", "zh"};
	size_t best = 0;

	for (size_t i = 1; i < SCRIPTS; i++)
		if (s->scripts[i] > s->scripts[best])
			best = i;
	/* Japanese has both scripts. */
	if (best == SCRIPT_HAN && s->scripts[SCRIPT_KANA] > s->scripts[SCRIPT_HAN] / 20)
		best = SCRIPT_KANA;
	if (best == SCRIPT_CYRILLIC && s->ukrainian)
		return "uk";
	if (best == SCRIPT_CYRILLIC && s->serbian)
		return "sr";
	return codes[best];
}

const char *
language_detect(struct slice text)
{
	struct language_sample s = {0};
	const char *code;

	language_fill();
	text.len = text.len < SAMPLE_MAX ? text.len : SAMPLE_MAX;
	text.len -= utf8_incomplete_tail(text);
	while (text.len > 0) {
		size_t n = utf8_char(text);

		must(n > 0);
		language_add(&s, language_decode(text.p, n));
		text.p += n;
		text.len -= n;
	}
	language_count_word(&s);
	code = language_by_script(&s);
	return code[0] != '\0' ? code : language_by_words(&s);
}

void
language_from_tag(struct slice tag, char out[LANGUAGE_MAX + 1])
{
	size_t n = 0;

	for (; n < tag.len && n < LANGUAGE_MAX; n++) {
		uint8_t c = tag.p[n] | 0x20;

		if (c < 'a' || c > 'z' || tag.p[n] < 'A')
			break;
		out[n] = (char)c;
	}
	out[n] = '\0';
	if (n < 2 || (n < tag.len && tag.p[n] != '-' && tag.p[n] != '_'))
		out[0] = '\0';
	if (strcmp(out, "nb") == 0 || strcmp(out, "nn") == 0)
		memcpy(out, "no", 3);
}

#include "workerd/knowledge/not_found_text.h"

#include <strings.h>

#include "proto/base/basics.h"

static const struct {
	char language[3];
	const char *text;
} texts[] = {
    {"en", "I could not find an answer to that on this website."},
    {"ar", "لم أجد إجابة عن ذلك في هذا الموقع."},
    {"de", "Dazu habe ich auf dieser Website keine Antwort gefunden."},
    {"es", "No he encontrado una respuesta a eso en este sitio web."},
    {"fr", "Je n’ai pas trouvé de réponse à cela sur ce site."},
    {"he", "לא מצאתי תשובה לכך באתר הזה."},
    {"it", "Non ho trovato una risposta su questo sito."},
    {"ja", "このサイトでは回答が見つかりませんでした。"},
    {"ko", "이 웹사이트에서 답변을 찾지 못했습니다."},
    {"nl", "Daar heb ik op deze website geen antwoord op gevonden."},
    {"pl", "Nie udało mi się znaleźć odpowiedzi na to pytanie na tej stronie."},
    {"pt", "Não encontrei uma resposta para isso neste site."},
    {"tr", "Bu sitede buna bir yanıt bulamadım."},
    {"zh", "我在本网站上没有找到相关答案。"},
};

const char *
not_found_text(struct slice language)
{
	for (size_t i = 0; i < ARRAY_LEN(texts) && language.len >= 2; i++)
		if (strncasecmp((const char *)language.p, texts[i].language, 2) == 0 &&
		    (language.len == 2 || language.p[2] == '-'))
			return texts[i].text;
	return texts[0].text;
}

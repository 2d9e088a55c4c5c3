// Why the server has refused something, in the user's language. The server's own sentences are in English and name the
// fields as the API does. This module and its texts are loaded with the first refusal.

import type { FieldReason } from "../../../workerd/api/openapi/openapi";
import type { ApiError, Reasons } from "../api/errors";
import { locale } from "../text/language";
import { t } from "./texts";
import type en from "./texts/en.json";

type Key = keyof typeof en;
type FieldKey = `field_${FieldReason["code"]}`;

/** Fails to compile if a reason that the server can give has no text in English; the build compares the languages. */
const fieldKey = (code: FieldReason["code"]): FieldKey & Key => `field_${code}`;

const choicesOf = new Intl.ListFormat(locale, { type: "disjunction" });

/** The text with the first of the keys that there is; otherwise the server's. */
function textOf(keys: readonly string[], parameters: Record<string, string | number>, own: string) {
	// An unknown text is its key.
	const found = keys.find((key) => t(key as Key) !== key);
	return found === undefined ? own : t(found as Key, parameters);
}

function fieldTexts(fields: Readonly<Record<string, string>>, reasons: Reasons) {
	return Object.fromEntries(
		Object.entries(fields).map(([name, own]) => {
			const reason = reasons[name];
			if (!reason) return [name, own];
			const { code, min = 0, max = 0, choices = [] } = reason;
			return [
				name,
				textOf([fieldKey(code)], { min, max, choices: choicesOf.format(choices) }, own),
			];
		}),
	);
}

/** "contacts" of "/v1/admin/contacts/{contactId}". */
const kindOf = (path: string): string => path.split("/")[3] ?? "";

/** The error of a request to a path of the API, with texts in the user's language. */
export async function translate(error: ApiError, path: string): Promise<ApiError> {
	await t.load();
	const { code } = error;
	const keys = [`error_${code}_${kindOf(path)}`, `error_${code}`];
	return error.inWords(textOf(keys, {}, error.message), fieldTexts(error.fields, error.reasons));
}

// The settings of a source.

import type { Source } from "../../../workerd/api/openapi/openapi";
import { type Data, useDesk } from "../api/desk";
import { toast } from "../shell/toasts";
import { Card } from "../ui/card";
import { SelectField, SwitchField, TextField } from "../ui/field";
import { FormBar } from "../ui/form-bar";
import { type Form, useForm } from "../ui/use-form";
import { t } from "./texts";
import { withScheme } from "./words";

interface SourceFormProps {
	readonly source: Data<Source>;
	readonly data: Source;
}

const HOUR = 60;
const DAY = 24 * HOUR;
const INTERVALS = [0, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY] as const;

const lines = (text: string): string[] => text.split("\n");
const withoutEmpty = (all: readonly string[]): string[] =>
	all.map((one) => one.trim()).filter((one) => one !== "");

export function SourceForm({ source, data }: SourceFormProps) {
	const { api } = useDesk();
	const form = useForm<Source>({
		initial: { data, etag: source.etag },
		draft: `source ${data.id}`,
		async send({ state: _, ...changes }, __, ifMatch) {
			const { include, exclude, url } = changes;
			const answer = await api.write("/v1/admin/sources/{sourceId}", {
				path: { sourceId: data.id },
				body: {
					...changes,
					...(include && { include: withoutEmpty(include) }),
					...(exclude && { exclude: withoutEmpty(exclude) }),
					...(typeof url === "string" && { url: withScheme(url) }),
				},
				ifMatch,
			});
			source.set(answer.data, answer.etag);
			return answer;
		},
	});

	async function save(event: SubmitEvent) {
		event.preventDefault();
		if (await form.save()) toast({ text: t("savedText") });
	}

	return (
		<form class="form" noValidate onSubmit={save}>
			<Card>
				<TextField
					label={t("name")}
					value={form.value.name}
					onValue={(name) => form.set({ name })}
					error={form.errors.name}
					maxLength={100}
					autocomplete="off"
				/>
				<SwitchField
					label={t("enabled")}
					hint={t("enabledHint")}
					isOn={form.value.enabled}
					onValue={(enabled) => form.set({ enabled })}
				/>
				<TextField
					label={t("language")}
					hint={t("languageHint")}
					value={form.value.language ?? ""}
					onValue={(text) => form.set({ language: text.trim() === "" ? null : text.trim() })}
					error={form.errors.language}
					maxLength={16}
					placeholder="en"
					autocomplete="off"
				/>
			</Card>
			{(data.kind === "site" || data.kind === "page") && <CrawlCard form={form} />}
			<FormBar form={form} />
		</form>
	);
}

function CrawlCard({ form }: { readonly form: Form<Source> }) {
	const { value, errors } = form;
	const isSite = value.kind === "site";
	const known: readonly number[] = INTERVALS;
	const minutes = value.intervalMinutes ?? 0;
	const intervals = known.includes(minutes) ? known : [...known, minutes];
	return (
		<Card title={t("crawlTitle")} hint={t("crawlHint")}>
			<TextField
				label={t("address")}
				type="url"
				value={value.url ?? ""}
				onValue={(url) => form.set({ url })}
				error={errors.url}
				maxLength={2048}
			/>
			<SelectField
				label={t("interval")}
				value={String(minutes)}
				choices={intervals.map((one) => ({ value: String(one), text: intervalText(one) }))}
				onValue={(text) => form.set({ intervalMinutes: Number(text) || null })}
				error={errors.intervalMinutes}
			/>
			{isSite && (
				<>
					<TextField
						label={t("include")}
						hint={t("includeHint")}
						rows={3}
						isMono
						value={value.include.join("\n")}
						onValue={(text) => form.set({ include: lines(text) })}
						error={errors.include}
						placeholder="/help/"
					/>
					<TextField
						label={t("exclude")}
						hint={t("excludeHint")}
						rows={3}
						isMono
						value={value.exclude.join("\n")}
						onValue={(text) => form.set({ exclude: lines(text) })}
						error={errors.exclude}
						placeholder="/help/archive/"
					/>
					<TextField
						label={t("pagesMax")}
						type="number"
						min={1}
						max={10_000}
						value={String(value.pagesMax)}
						onValue={(text) => form.set({ pagesMax: Math.trunc(Number(text)) })}
						error={errors.pagesMax}
					/>
				</>
			)}
		</Card>
	);
}

function intervalText(minutes: number): string {
	if (minutes === 0) return t("intervalOwn");
	if (minutes % DAY === 0) return t("intervalDays", { count: minutes / DAY });
	if (minutes % HOUR === 0) return t("intervalHours", { count: minutes / HOUR });
	return t("intervalMinutes", { count: minutes });
}

// Edits the prices: a row for each model, and the currency.

import { useRef } from "preact/hooks";
import type { Prices } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { ApiError } from "../../api/errors";
import { ifUnchanged } from "../../api/unchanged";
import { toast } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { Button, IconButton } from "../../ui/button";
import { Card } from "../../ui/card";
import { TextField } from "../../ui/field";
import { RecordForm } from "../../ui/record-form";
import { useForm } from "../../ui/use-form";
import { t } from "../texts";
import { invalidPrices, type PriceForm, type PriceRow, priceForm, pricesOf } from "./price-rows";

interface PriceTableProps {
	readonly prices: Prices;
	/** Models in use without a price. */
	readonly unpriced: readonly string[];
	readonly onSaved: (prices: Prices) => void;
}

function problemOf(name: string): string {
	if (name === "currency") return t("currencyInvalid");
	return t(name.endsWith(".model") ? "modelInvalid" : "priceInvalid");
}

export function PriceTable({ prices, unpriced, onSaved }: PriceTableProps) {
	const { api } = useDesk();
	const form = useForm<PriceForm>({
		initial: { data: priceForm(prices), etag: undefined },
		draft: "prices-form",
		async send(_, value, __, saved) {
			const invalid = invalidPrices(value);
			if (invalid.length > 0)
				throw new ApiError("refused", 422, "", {
					fields: Object.fromEntries(invalid.map((name) => [name, problemOf(name)])),
				});
			let result = prices;
			const answer = await ifUnchanged(
				saved,
				async () => priceForm(await api.get("/v1/admin/prices")),
				async () => {
					result = await api.put("/v1/admin/prices", { body: pricesOf(value) });
					return priceForm(result);
				},
			);
			onSaved(result);
			toast({ text: common("saved") });
			return answer;
		},
	});
	const { rows, currency } = form.value;
	const missing = unpriced.filter((model) => !rows.some((row) => row.model === model));
	const add = (models: readonly string[]) =>
		form.set({ rows: [...rows, ...models.map((model) => ({ model, input: "", output: "" }))] });
	const change = (at: number, part: Partial<PriceRow>) =>
		form.set({ rows: rows.map((row, i) => (i === at ? { ...row, ...part } : row)) });
	const buttons = useRef<HTMLDivElement>(null);
	const remove = (at: number) => {
		form.set({ rows: rows.filter((_, i) => i !== at) });
		// The button that had the focus goes with its row.
		buttons.current?.querySelector("button")?.focus();
	};

	return (
		<Card>
			<RecordForm form={form}>
				<div class="prices-currency">
					<TextField
						label={t("currency")}
						hint={t("currencyHint")}
						placeholder="EUR"
						maxLength={3}
						autocomplete="off"
						value={currency}
						error={form.errors.currency}
						onValue={(next) => form.set({ currency: next.toUpperCase() })}
					/>
				</div>
				{rows.length === 0 && <p class="quiet">{t("pricesNone")}</p>}
				{rows.map((row, i) => (
					<PriceFields
						// Rows have no other identity while their names are edited.
						key={`${i} of ${rows.length}`}
						row={row}
						currency={currency}
						errors={form.errors}
						at={i}
						change={(part) => change(i, part)}
						remove={() => remove(i)}
					/>
				))}
				<div class="settings-buttons" ref={buttons}>
					<Button icon="plus" onClick={() => add([""])}>
						{t("priceAdd")}
					</Button>
					{missing.length > 0 && (
						<Button onClick={() => add(missing)}>
							{t("priceAddUsed", { count: missing.length })}
						</Button>
					)}
				</div>
			</RecordForm>
		</Card>
	);
}

interface PriceFieldsProps {
	readonly row: PriceRow;
	readonly at: number;
	readonly currency: string;
	readonly errors: Readonly<Record<string, string>>;
	readonly change: (part: Partial<PriceRow>) => void;
	readonly remove: () => void;
}

function PriceFields({ row, at, currency, errors, change, remove }: PriceFieldsProps) {
	const name = row.model || t("priceNew");
	return (
		<fieldset class="price">
			<legend class="unseen">{name}</legend>
			<TextField
				label={t("model")}
				isMono
				autocomplete="off"
				maxLength={256}
				value={row.model}
				error={errors[`rows.${at}.model`]}
				onValue={(model) => change({ model })}
			/>
			<TextField
				label={t("priceIn")}
				aside={currency && `${currency} / 1M`}
				value={row.input}
				error={errors[`rows.${at}.input`]}
				onValue={(input) => change({ input })}
			/>
			<TextField
				label={t("priceOut")}
				aside={currency && `${currency} / 1M`}
				value={row.output}
				error={errors[`rows.${at}.output`]}
				onValue={(output) => change({ output })}
			/>
			<IconButton name="trash" label={t("priceRemove", { name })} onClick={remove} />
		</fieldset>
	);
}

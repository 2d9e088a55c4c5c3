// The user's own password.

import { useState } from "preact/hooks";
import { useDesk } from "../../api/desk";
import { ApiError } from "../../api/errors";
import { useMe } from "../../shell/me";
import { toast } from "../../shell/toasts";
import { describe } from "../../text/describe";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { TextField } from "../../ui/field";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { NoUser } from "./no-user";

const LENGTH_MIN = 10;

export function PasswordSection() {
	return (
		<Loaded remote={useMe()} rows={2}>
			{(me) =>
				me.user ? (
					<PasswordForm email={me.user.email} />
				) : (
					<NoUser isKey={me.key} text={t("noUserPassword")} />
				)
			}
		</Loaded>
	);
}

interface Problems {
	readonly current?: string;
	readonly next?: string;
	readonly other?: string;
}

function problemsOf(error: ApiError): Problems {
	const { current, new: next } = error.fields;
	if (current === undefined && next === undefined) return { other: describe(error) };
	return {
		...(current !== undefined && { current: t("passwordWrong") }),
		...(next !== undefined && { next }),
	};
}

function PasswordForm({ email }: { readonly email: string }) {
	const { api } = useDesk();
	const [current, setCurrent] = useState("");
	const [next, setNext] = useState("");
	const [problems, setProblems] = useState<Problems>({});
	const [isBusy, setBusy] = useState(false);

	async function submit(event: Event) {
		event.preventDefault();
		if (isBusy) return;
		if (current === "") return setProblems({ current: t("passwordMissing") });
		if ([...next].length < LENGTH_MIN)
			return setProblems({ next: t("passwordShort", { count: LENGTH_MIN }) });
		setBusy(true);
		setProblems({});
		try {
			await api.put("/v1/admin/me/password", { body: { current, new: next } });
			setCurrent("");
			setNext("");
			toast({ text: t("passwordChanged") });
		} catch (reason) {
			setProblems(problemsOf(ApiError.from(reason)));
		}
		setBusy(false);
	}

	return (
		<Card>
			<p class="field-hint">{t("passwordHint")}</p>
			<form class="form" noValidate onSubmit={submit}>
				{/* Password managers need to know whose it is. */}
				<input type="text" name="username" autocomplete="username" value={email} readOnly hidden />
				<TextField
					label={t("passwordCurrent")}
					type="password"
					autocomplete="current-password"
					value={current}
					error={problems.current}
					onValue={setCurrent}
				/>
				<TextField
					label={t("passwordNew")}
					type="password"
					autocomplete="new-password"
					hint={t("passwordRule", { count: LENGTH_MIN })}
					value={next}
					error={problems.next}
					onValue={setNext}
				/>
				<p class="field-error" role="alert">
					{problems.other}
				</p>
				<div class="form-actions">
					<Button kind="main" type="submit" isBusy={isBusy}>
						{t("passwordChange")}
					</Button>
				</div>
			</form>
		</Card>
	);
}

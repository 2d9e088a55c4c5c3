// The form of a new user.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { ShownInvitation } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { HOME } from "../paths";
import { t as common } from "../text/common";
import { describe } from "../text/describe";
import { words } from "../text/words";
import { Button } from "../ui/button";
import { TextField } from "../ui/field";
import { t } from "./texts";

const LENGTH_MIN = 10;

interface JoinFormProps {
	readonly invitation: ShownInvitation;
	readonly token: string;
	/** The invitation has been used or has expired meanwhile. */
	readonly onGone: (error: ApiError) => void;
}

export function JoinForm({ invitation, token, onGone }: JoinFormProps) {
	const { api } = useDesk();
	const { route } = useLocation();
	const [name, setName] = useState("");
	const [email, setEmail] = useState(invitation.email ?? "");
	const [password, setPassword] = useState("");
	const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
	const [problem, setProblem] = useState("");
	const [isBusy, setBusy] = useState(false);

	/** What needs no server to be known. */
	function missing(): Record<string, string> {
		return {
			...(!/^\S+@\S+$/.test(email.trim()) && { email: t("enterEmail") }),
			...([...password].length < LENGTH_MIN && {
				password: t("shortPassword", { count: LENGTH_MIN }),
			}),
		};
	}

	async function submit(event: Event) {
		event.preventDefault();
		if (isBusy) return;
		const wrong = missing();
		setErrors(wrong);
		setProblem("");
		if (Object.keys(wrong).length > 0) return;
		setBusy(true);
		try {
			const body = { name: name.trim() || null, email: email.trim(), password };
			await api.post("/v1/invitations/{token}", { path: { token }, body });
			route(HOME, true);
		} catch (reason) {
			setBusy(false);
			refuse(ApiError.from(reason));
		}
	}

	function refuse(error: ApiError) {
		if (error.status === 410 || error.status === 404) onGone(error);
		else if (error.code === "email_taken") setErrors({ email: t("emailTaken") });
		else if (Object.keys(error.fields).length > 0) setErrors(error.fields);
		else setProblem(describe(error));
	}

	const { organization, role, expires_at } = invitation;
	return (
		<>
			<h1 tabIndex={-1}>{t("heading", { organization })}</h1>
			<p class="join-lead">
				{t("invitedAs", { role: role === "owner" ? common("owner") : t("member") })}{" "}
				{t("validUntil", { date: words.date(expires_at) })}
			</p>
			<form class="form" noValidate onSubmit={submit}>
				<TextField
					label={t("name")}
					hint={t("nameHint")}
					autocomplete="name"
					maxLength={100}
					value={name}
					error={errors.name}
					onValue={setName}
				/>
				<TextField
					label={t("email")}
					type="email"
					autocomplete="username"
					maxLength={254}
					value={email}
					error={errors.email}
					onValue={setEmail}
				/>
				<TextField
					label={t("password")}
					hint={t("passwordHint", { count: LENGTH_MIN })}
					type="password"
					autocomplete="new-password"
					value={password}
					error={errors.password}
					onValue={setPassword}
				/>
				<p class="field-error" role="alert">
					{problem}
				</p>
				<Button kind="main" type="submit" isBusy={isBusy}>
					{t(isBusy ? "joining" : "join")}
				</Button>
			</form>
		</>
	);
}

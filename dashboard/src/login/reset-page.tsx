// A forgotten password: asks for a link by mail, and sets a new one by that link.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import type { ShownReset } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { focusHeading, useArrival, useTitle } from "../hooks/use-arrival";
import { describe } from "../text/describe";
import { Brand } from "../ui/brand";
import { Button, ButtonLink } from "../ui/button";
import { TextField } from "../ui/field";
import { Skeleton } from "../ui/skeleton";
import { t } from "./texts";

const LENGTH_MIN = 10;

export function ResetPage() {
	const { token } = useRoute().params;
	useTitle(t("resetTitle"));
	return (
		<main class="login" id="main">
			<div class="login-card">
				<Brand />
				{token === undefined ? <Ask /> : <Link key={token} token={token} />}
			</div>
		</main>
	);
}

/** The heading of each state has the focus when it comes, so that a screen reader announces it. */
function Heading({ children }: { children: ComponentChildren }) {
	useArrival(focusHeading, "always");
	return (
		<h1 class="login-title" tabIndex={-1}>
			{children}
		</h1>
	);
}

interface NoteProps {
	readonly title: string;
	readonly children: ComponentChildren;
	/** What can be done instead, before the way back to the login. */
	readonly action?: ComponentChildren;
}

/** What happened, and what to do next. */
function Note({ title, children, action }: NoteProps) {
	return (
		<>
			<Heading>{title}</Heading>
			{children}
			{action}
			<ButtonLink href="/login">{t("toLogin")}</ButtonLink>
		</>
	);
}

/** What a form says: of its field, or of what failed otherwise. */
interface Wrong {
	readonly field?: string | undefined;
	readonly problem?: string | undefined;
}

/** A form with one field. It gets the focus when it is wrong. */
function useForm(submit: () => Promise<Wrong>, check: () => string) {
	const form = useRef<HTMLFormElement>(null);
	const [wrong, setWrong] = useState<Wrong>({});
	const [isBusy, setBusy] = useState(false);

	useLayoutEffect(() => {
		if (wrong.field) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
	}, [wrong]);

	async function onSubmit(event: Event) {
		event.preventDefault();
		if (isBusy) return;
		const field = check();
		setWrong({ field });
		if (field !== "") return;
		setBusy(true);
		setWrong(await submit());
		setBusy(false);
	}
	const problem = (
		<p class="field-error" role="alert">
			{wrong.problem}
		</p>
	);
	return { form, error: wrong.field, problem, isBusy, onSubmit };
}

function Ask() {
	const { api } = useDesk();
	/** Null: not known yet. */
	const [hasMails, setMails] = useState<boolean | null>(null);
	const [email, setEmail] = useState("");
	const [isAsked, setAsked] = useState(false);

	useEffect(() => {
		void api.get("/api/login").then(
			(ways) => setMails(ways.mails),
			() => setMails(true),
		);
	}, []);

	const { form, error, problem, isBusy, onSubmit } = useForm(
		async () => {
			try {
				await api.post("/v1/password-resets", { body: { email: email.trim() } });
				setAsked(true);
				return {};
			} catch (reason) {
				const failure = ApiError.from(reason);
				if (failure.code === "mail_not_configured") setMails(false);
				if (failure.fields.email) return { field: t("invalidEmail") };
				return { problem: failure.status === 429 ? t("tooManyResets") : describe(failure) };
			}
		},
		() => (/^\S+@\S+$/.test(email.trim()) ? "" : t("enterEmail")),
	);

	if (hasMails === false) return <WithoutMails />;
	if (isAsked)
		return (
			<Note title={t("asked")}>
				<p class="login-text">{t("askedText", { email: email.trim() })}</p>
			</Note>
		);
	return (
		<>
			<Heading>{t("resetTitle")}</Heading>
			<p class="login-text">{t("resetText")}</p>
			{hasMails === null ? (
				<Skeleton rows={2} kind="form" />
			) : (
				<form class="form" noValidate onSubmit={onSubmit} ref={form}>
					<TextField
						label={t("email")}
						type="email"
						autocomplete="username"
						maxLength={254}
						value={email}
						error={error}
						onValue={setEmail}
					/>
					{problem}
					<Button kind="main" type="submit" isBusy={isBusy}>
						{t(isBusy ? "asking" : "ask")}
					</Button>
				</form>
			)}
			<a class="login-forgot" href="/login">
				{t("toLogin")}
			</a>
		</>
	);
}

/** Without a mail server, other people can help. */
function WithoutMails() {
	return (
		<Note title={t("noMails")}>
			<p class="login-text">{t("noMailsOwner")}</p>
			<p class="login-text">
				{t("noMailsServer")} <code>banter user passwd EMAIL</code>
			</p>
		</Note>
	);
}

function Link({ token }: { token: string }) {
	const { api } = useDesk();
	const [shown, setShown] = useState<ShownReset | null>(null);
	const [failure, setFailure] = useState<ApiError | null>(null);
	const [isDone, setDone] = useState(false);

	async function load(signal?: AbortSignal) {
		setFailure(null);
		try {
			setShown(await api.get("/v1/password-resets/{token}", { path: { token }, signal }));
		} catch (reason) {
			if (!signal?.aborted) setFailure(ApiError.from(reason));
		}
	}

	useEffect(() => {
		const abort = new AbortController();
		void load(abort.signal);
		return () => abort.abort();
	}, []);

	if (failure) return <Refused error={failure} retry={() => void load()} />;
	if (isDone)
		return (
			<Note title={t("resetDone")}>
				<p class="login-text">{t("resetDoneText")}</p>
			</Note>
		);
	if (shown === null)
		return (
			<>
				<Heading>{t("newPassword")}</Heading>
				<Skeleton rows={2} kind="form" />
			</>
		);
	return (
		<NewPassword shown={shown} token={token} onDone={() => setDone(true)} onGone={setFailure} />
	);
}

interface NewPasswordProps {
	readonly shown: ShownReset;
	readonly token: string;
	readonly onDone: () => void;
	/** The link does not work any more. */
	readonly onGone: (error: ApiError) => void;
}

function NewPassword({ shown, token, onDone, onGone }: NewPasswordProps) {
	const { api } = useDesk();
	const [password, setPassword] = useState("");
	const { form, error, problem, isBusy, onSubmit } = useForm(
		async () => {
			try {
				await api.post("/v1/password-resets/{token}", { path: { token }, body: { password } });
				onDone();
				return {};
			} catch (reason) {
				const failure = ApiError.from(reason);
				const field = failure.fields.password;
				if (failure.status === 404) onGone(failure);
				return field ? { field } : { problem: describe(failure) };
			}
		},
		() => ([...password].length < LENGTH_MIN ? t("shortPassword", { count: LENGTH_MIN }) : ""),
	);

	return (
		<>
			<Heading>{t("newPassword")}</Heading>
			<p class="login-text">{t("newPasswordFor", { email: shown.email })}</p>
			<form class="form" noValidate onSubmit={onSubmit} ref={form}>
				{/* Password managers need a user name. */}
				<input type="text" autocomplete="username" value={shown.email} readOnly hidden />
				<TextField
					label={t("newPassword")}
					hint={t("newPasswordHint", { count: LENGTH_MIN })}
					type="password"
					autocomplete="new-password"
					value={password}
					error={error}
					onValue={setPassword}
				/>
				{problem}
				<Button kind="main" type="submit" isBusy={isBusy}>
					{t(isBusy ? "settingPassword" : "setPassword")}
				</Button>
			</form>
		</>
	);
}

interface RefusedProps {
	readonly error: ApiError;
	readonly retry: () => void;
}

function Refused({ error, retry }: RefusedProps) {
	if (error.status === 404)
		return (
			<Note
				title={t("linkUnknown")}
				action={<ButtonLink href="/reset">{t("askAgain")}</ButtonLink>}
			>
				<p class="login-text">{t("linkUnknownText")}</p>
			</Note>
		);
	return (
		<>
			<Heading>{t("linkFailed")}</Heading>
			<p class="login-text">{describe(error)}</p>
			<Button icon="refresh" onClick={retry}>
				{t("retry")}
			</Button>
		</>
	);
}

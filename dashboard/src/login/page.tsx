// The login: the dashboard's password, or a user's e-mail and password.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { LoginWays } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { useTitle } from "../hooks/use-arrival";
import { safeNext } from "../paths";
import { describe } from "../text/describe";
import { Brand } from "../ui/brand";
import { Button } from "../ui/button";
import { t } from "./texts";

/** The wait after a 429 without Retry-After. */
const DEFAULT_WAIT_MS = 60_000;

export function LoginPage() {
	const { api } = useDesk();
	const { query, route } = useLocation();
	const field = useRef<HTMLInputElement>(null);
	const emailField = useRef<HTMLInputElement>(null);
	const ways = useWays();
	/** Null: the user has chosen none. */
	const [chosen, setNamed] = useState<boolean | null>(null);
	const isNamed = chosen ?? (ways?.users || ways?.password === false);
	const [isSending, setSending] = useState(false);
	const [problem, setProblem] = useState("");
	const [wait, setWait] = useCountdown();

	useTitle(t("title"));
	// The first field, when it is known which one that is, and after each change of the way.
	useLayoutEffect(() => {
		(isNamed ? emailField : field).current?.focus();
	}, [ways, isNamed]);

	function changeWay(named: boolean) {
		setNamed(named);
		setProblem("");
	}

	async function submit(event: Event) {
		event.preventDefault();
		const email = emailField.current?.value.trim();
		const password = field.current?.value ?? "";
		if (email === "") {
			setProblem(t("enterEmail"));
			emailField.current?.focus();
			return;
		}
		if (password === "") {
			setProblem(t("enterPassword"));
			field.current?.focus();
			return;
		}
		setSending(true);
		setProblem("");
		try {
			const who = email === undefined ? { password } : { email, password };
			await api.post("/api/login", { body: who });
			route(safeNext(query.next), true);
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			setSending(false);
			setProblem(loginProblem(error, isNamed));
			if (error.status === 429) setWait(error.retryAfterMs ?? DEFAULT_WAIT_MS);
			// After a wrong password, select it for retyping.
			field.current?.focus();
			field.current?.select();
		}
	}

	return (
		<main class="login" id="main">
			<form class="login-card" method="post" action="/api/login" noValidate onSubmit={submit}>
				<Brand />
				<h1 class="login-title">{t("heading")}</h1>
				{ways && (
					<>
						{isNamed ? (
							<>
								<label class="field-label login-label" for="email">
									{t("email")}
								</label>
								<input
									class="input login-email"
									ref={emailField}
									id="email"
									name="email"
									type="email"
									autocomplete="username"
									required
									readOnly={isSending}
									aria-invalid={problem !== ""}
									aria-describedby="login-problem"
								/>
							</>
						) : (
							// Password managers need a user name.
							<input
								type="text"
								name="username"
								autocomplete="username"
								value="owner"
								readOnly
								hidden
							/>
						)}
						<label class="field-label login-label" for="password">
							{t("password")}
						</label>
						<input
							class="input"
							ref={field}
							id="password"
							name="password"
							type="password"
							autocomplete="current-password"
							required
							readOnly={isSending}
							aria-invalid={problem !== ""}
							aria-describedby="login-problem"
						/>
						<p class="login-problem" id="login-problem" role="alert">
							{problem}
						</p>
						<Button kind="main" type="submit" disabled={isSending || wait > 0}>
							{isSending ? t("loggingIn") : wait > 0 ? t("wait", { seconds: wait }) : t("logIn")}
						</Button>
						{(!isNamed || ways.password) && (
							<Button kind="quiet" disabled={isSending} onClick={() => changeWay(!isNamed)}>
								{t(isNamed ? "usePassword" : "useEmail")}
							</Button>
						)}
						<a class="login-forgot" href="/reset">
							{t("forgot")}
						</a>
					</>
				)}
			</form>
		</main>
	);
}

function loginProblem(error: ApiError, isNamed: boolean): string {
	if (error.status === 400 && isNamed) return t("invalidEmail");
	if (error.status === 401) return t(isNamed ? "wrongBoth" : "wrongPassword");
	if (error.status === 429) return t("tooMany");
	if (error.status === 503 && error.message.includes("DASHBOARD_PASSWORD")) return t("noPassword");
	return describe(error);
}

/** Null: not known yet. It does not change while somebody types. */
function useWays(): LoginWays | null {
	const { api } = useDesk();
	const [ways, setWays] = useState<LoginWays | null>(null);
	useEffect(() => {
		// Without an answer, both ways are offered.
		const unknown = { password: true, users: false, mails: false };
		void api.get("/api/login").then(setWays, () => setWays(unknown));
	}, []);
	return ways;
}

/** A countdown in whole seconds; start it with milliseconds. */
function useCountdown(): [number, (ms: number) => void] {
	const [end, setEnd] = useState(0);
	const [now, setNow] = useState(0);
	const left = Math.max(0, Math.ceil((end - now) / 1000));

	useEffect(() => {
		if (left === 0) return;
		const timer = setTimeout(() => setNow(Date.now()), 1000);
		return () => clearTimeout(timer);
	}, [left, now]);

	const start = (ms: number) => {
		setNow(Date.now());
		setEnd(Date.now() + ms);
	};
	return [left, start];
}
